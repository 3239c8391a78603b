#include "lib/auth/api_key.h"

#include <algorithm>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr std::string_view kApiKeyLabel = "blindai-api-key-v1";

}  // namespace

ApiKey ApiKey::generate() {
  ByteArray<32> seed;
  random_bytes(seed);
  return ApiKey(SecretKey(std::move(seed)));
}

ApiKey ApiKey::from_seed(SecretKey seed) {
  return ApiKey(std::move(seed));
}

Result<ApiKey> ApiKey::parse(std::string_view text) {
  if (text.starts_with(kPublicKeyPrefix))
    return fail(Code::kMalformed,
                {"auth.key-public",
                 "This is a public key; the API key, which begins with bai_, belongs here. It is "
                 "in the file that \"blindai keys create\" wrote."});
  if (!text.starts_with(kApiKeyPrefix))
    return fail(
        Code::kMalformed,
        {"auth.key-prefix", "An API key begins with bai_; make one with \"blindai keys create\"."});
  if (text.size() != kApiKeyTextLen)
    return fail(
        Code::kMalformed,
        {"auth.key-length", "An API key is bai_ and 49 letters or digits; copy all of it again."});
  SecretKey seed;
  RETURN_IF_ERROR(
      read_key_digits(kApiKeyLabel, text.substr(kApiKeyPrefix.size()), seed.reveal(KeyAccess())));
  return ApiKey(std::move(seed));
}

ApiKeyText ApiKey::text(KeyAccess access) const {
  ApiKeyText out;
  std::array<char, kApiKeyTextLen>& letters = out.reveal(access);
  std::ranges::copy(kApiKeyPrefix, letters.begin());
  write_key_digits(kApiKeyLabel, seed_.reveal(access),
                   std::span(letters).subspan<kApiKeyPrefix.size()>());
  return out;
}

}  // namespace blindai
