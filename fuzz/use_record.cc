// Property: what is accepted is written back as the very bytes it was read from, in ascending
// order.
#include <algorithm>
#include <cstdlib>

#include "enclave/serve/last_use.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const BytesView bytes{data, size};
  const auto entries = decode_uses(bytes);
  if (!entries.has_value()) return 0;
  if (!equal(encode_uses(*entries), bytes)) std::abort();
  if (!std::ranges::is_sorted(*entries, {}, &UseEntry::name_hash)) std::abort();
  return 0;
}
