// Property: what is read survives being written and read; only evidence of a TEE that has a type
// comes out.
#include "lib/channel/cmw.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = blindai::decode_cmw({data, size});
  if (!read.has_value()) return 0;
  if (!blindai::has_cmw_type(read->evidence.tee)) std::abort();
  const auto again = blindai::decode_cmw(blindai::encode_cmw(read->evidence, read->claims));
  if (!again.has_value() || again->evidence.tee != read->evidence.tee ||
      again->evidence.quote != read->evidence.quote || again->claims != read->claims)
    std::abort();
  return 0;
}
