// Property: a chain that is read is not longer than the field, and escaping it whole gives a field
// that is read as the same chain.
#include <cstdlib>

#include "net/collateral/document.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto chain = blindai::issuer_chain_of(blindai::as_text({data, size}));
  if (!chain.has_value()) return 0;
  if (chain->size() > size) std::abort();
  std::string escaped;
  for (const uint8_t byte : *chain) escaped += "%" + blindai::to_hex({&byte, 1});
  const auto again = blindai::issuer_chain_of(escaped);
  if (!again.has_value() || *again != *chain) std::abort();
  return 0;
}
