// Property: a key that is read has one spelling, the one it was read from.
#include "lib/auth/api_key.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = blindai::as_text({data, size});
  const auto key = blindai::ApiKey::parse(text);
  if (!key.has_value()) return 0;
  const blindai::KeyAccess access;
  const blindai::ApiKeyText again = key->text(access);
  if (!std::ranges::equal(again.reveal(access), text)) std::abort();
  return 0;
}
