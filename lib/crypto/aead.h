// AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags, over OpenSSL, which stays out
// of this header. One object holds one expanded key, so a stream of messages costs one key schedule
// and no allocation per message.
//
// The caller never uses a nonce twice under one key. Thread-compatible: one thread at a time.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/secret.h"

struct evp_cipher_ctx_st;

namespace blindai {

inline constexpr size_t kAeadNonceLen = 12;
inline constexpr size_t kAeadTagLen = 16;
using AeadNonce = ByteArray<kAeadNonceLen>;

class Aes256Gcm {
 public:
  explicit Aes256Gcm(const SecretKey& key);
  ~Aes256Gcm();
  Aes256Gcm(Aes256Gcm&& other) noexcept;
  Aes256Gcm& operator=(Aes256Gcm&& other) noexcept;

  // out = ciphertext, then tag. out is exactly plaintext.size() + kAeadTagLen bytes and does not
  // overlap plaintext. plaintext is at most 2^30 bytes.
  void seal(const AeadNonce& nonce, BytesView aad, BytesView plaintext, std::span<uint8_t> out);

  // The inverse; out is exactly sealed.size() - kAeadTagLen bytes and does not overlap sealed.
  // False when the tag does not hold or sealed is shorter than a tag; out is then all zero.
  [[nodiscard]] bool open(const AeadNonce& nonce, BytesView aad, BytesView sealed,
                          std::span<uint8_t> out);

 private:
  evp_cipher_ctx_st* encrypt_;
  evp_cipher_ctx_st* decrypt_;
};

}  // namespace blindai
