// An API key: an Ed25519 seed that is made on its user's machine and stays there. What goes out are
// its public key and signatures for one purpose each (connection_proof.h, endorsement.h).
//
//   bai_3Xk…  `bai_`, then 49 digits in base 62 (docs/formats/api-key.md)
//
// Pure, but for the operating system's generator in generate(). Const functions are thread-safe.
#pragma once

#include "lib/auth/public_key.h"
#include "lib/base/secret.h"
#include "lib/crypto/ed25519.h"

namespace blindai {

inline constexpr std::string_view kApiKeyPrefix = "bai_";
inline constexpr size_t kApiKeyTextLen = kApiKeyPrefix.size() + kKeyDigits;
using ApiKeyText = Secret<std::array<char, kApiKeyTextLen>>;

class ApiKey {
 public:
  static ApiKey generate();
  // Exactly what text() gives, so that a typo is told before anything is sent. The caller wipes
  // `text`. Errors, all kMalformed: "auth.key-prefix", "auth.key-length", "auth.key-characters",
  // "auth.key-checksum", and "auth.key-public" for a public key where an API key belongs.
  static Result<ApiKey> parse(std::string_view text);
  static ApiKey from_seed(SecretKey seed);

  ApiKey duplicate(KeyAccess access) const { return from_seed(seed_.duplicate(access)); }
  ApiKeyText text(KeyAccess access) const;

  const PublicKey& public_key() const { return public_; }
  // `message` begins with a label of its own ("blindai-auth-v1"), ended by a zero byte.
  ByteArray<kEd25519SignatureLen> sign(BytesView message) const { return key_.sign(message); }

 private:
  explicit ApiKey(SecretKey seed)
      : seed_(std::move(seed)), key_(seed_), public_{key_.public_key()} {}

  SecretKey seed_;
  Ed25519Key key_;
  PublicKey public_;
};

}  // namespace blindai
