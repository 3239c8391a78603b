#include "lib/auth/public_key.h"

#include "lib/crypto/ed25519.h"

namespace blindai {
namespace {

constexpr std::string_view kPublicKeyLabel = "blindai-public-key-v1";

}  // namespace

std::string to_text(const PublicKey& key) {
  std::string out(kPublicKeyPrefix);
  out.resize(kPublicKeyTextLen);
  write_key_digits(kPublicKeyLabel, key.bytes,
                   std::span<char, kKeyDigits>(out.data() + kPublicKeyPrefix.size(), kKeyDigits));
  return out;
}

Result<PublicKey> parse_public_key(std::string_view text) {
  if (text.starts_with("bai_"))
    return fail(
        Code::kMalformed,
        {"auth.key-secret",
         "This is an API key, which stays on its user's machine; a public key, which begins "
         "with baipk_, belongs here. \"blindai keys show\" prints it."});
  if (!text.starts_with(kPublicKeyPrefix))
    return fail(Code::kMalformed,
                {"auth.key-prefix",
                 "A public key begins with baipk_; \"blindai keys show\" prints yours."});
  if (text.size() != kPublicKeyTextLen)
    return fail(Code::kMalformed,
                {"auth.key-length",
                 "A public key is baipk_ and 49 letters or digits; copy all of it again."});
  PublicKey out;
  RETURN_IF_ERROR(
      read_key_digits(kPublicKeyLabel, text.substr(kPublicKeyPrefix.size()), out.bytes));
  if (!is_ed25519_key(out.bytes))
    return fail(Code::kMalformed,
                {"auth.key-weak",
                 "This public key was not made by an Ed25519 key generator: anybody could sign "
                 "for it. Make one with \"blindai keys create\"."});
  return out;
}

}  // namespace blindai
