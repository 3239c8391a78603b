// Property: what is read is within its limits, and never read from bytes that are not all of it.
#include "lib/channel/certificate.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView der(data, size);
  const auto read = blindai::read_certificate(der);
  if (!read.has_value()) return 0;
  if (read->spki.empty() || read->evidence.quote.size() > blindai::kMaxEvidence) std::abort();
  if (blindai::read_certificate(der.first(size - 1)).has_value()) std::abort();
  return 0;
}
