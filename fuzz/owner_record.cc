// Property: what is accepted is written back as the very bytes it was read from, and is a record
// whose owner can act.
#include <algorithm>
#include <cstdlib>

#include "enclave/serve/owners.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const BytesView bytes{data, size};
  const auto record = decode_owner(bytes);
  if (!record.has_value()) return 0;
  if (!equal(encode_owner(*record), bytes)) std::abort();
  if (std::ranges::none_of(record->keys,
                           [](const OwnerKey& k) { return k.state == KeyState::kActive; }))
    std::abort();
  return 0;
}
