// Property: an index that is read is the one that is written again, and reading that gives the
// same.
#include "net/collateral/cache_index.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto index = blindai::parse_cache_index(blindai::as_text({data, size}));
  if (!index.has_value()) return 0;
  const auto again = blindai::parse_cache_index(blindai::write_cache_index(*index));
  if (!again.has_value() || !(*again == *index)) std::abort();
  return 0;
}
