// Property: what is accepted holds every field's bytes somewhere in the input, and no shorter input
// with the same beginning is accepted.
#include <algorithm>
#include <cstdlib>

#include "lib/attest/pck.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView der(data, size);
  const auto pck = blindai::parse_pck_extension(der);
  if (!pck.has_value()) return 0;
  const auto holds = [der](blindai::BytesView bytes) {
    return std::search(der.begin(), der.end(), bytes.begin(), bytes.end()) != der.end();
  };
  if (!holds(pck->fmspc) || !holds(pck->pce_id) || !holds(pck->cpu_svn)) std::abort();
  if (blindai::parse_pck_extension(der.first(size - 1)).has_value()) std::abort();
  return 0;
}
