// Property: what parses has exactly one encoding, the bytes it came from.
#include "lib/base/cbor.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const blindai::Result<blindai::Cbor> item = blindai::Cbor::parse(wire);
  if (item.has_value() && !blindai::equal(item->encode(), wire)) std::abort();
  return 0;
}
