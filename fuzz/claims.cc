// Property: claims that are read are written back as the same bytes, which are what was hashed.
#include "lib/channel/claims.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto claims = blindai::parse_claims(wire);
  if (claims.has_value() && !blindai::equal(blindai::encode_claims(*claims), wire)) std::abort();
  return 0;
}
