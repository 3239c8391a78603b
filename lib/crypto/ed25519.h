// Ed25519 (RFC 8032 section 5.1), over OpenSSL, which stays out of this header.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/secret.h"

struct evp_pkey_st;

namespace blindai {

inline constexpr size_t kEd25519KeyLen = 32;        // seed and public key each
inline constexpr size_t kEd25519SignatureLen = 64;  // R, then S

// A private key.
class Ed25519Key {
 public:
  // Every 32 bytes are a seed.
  explicit Ed25519Key(const SecretKey& seed);
  ~Ed25519Key();
  Ed25519Key(Ed25519Key&& other) noexcept;
  Ed25519Key& operator=(Ed25519Key&& other) noexcept;

  // Deterministic. Whoever signs more than one kind of message begins each with a label.
  ByteArray<kEd25519SignatureLen> sign(BytesView message) const;
  ByteArray<kEd25519KeyLen> public_key() const;

 private:
  evp_pkey_st* key_;
};

// True for a public key that is accepted here: canonically encoded, and not one of the eight points
// of small order, under which a signature can hold for messages that nobody signed. Whether there
// is such a point on the curve at all is not looked at: a key without one verifies nothing.
bool is_ed25519_key(const ByteArray<kEd25519KeyLen>& key);

// True when `signature` over `message` is the key's. False for keys that is_ed25519_key() refuses,
// for S that is not below the group order and for R in another than its canonical encoding: a
// message has one signature that its key's holder made, and no second spelling of it. The equation
// is RFC 8032's without the cofactor.
bool verify_ed25519(const ByteArray<kEd25519KeyLen>& key, BytesView message,
                    const ByteArray<kEd25519SignatureLen>& signature);

}  // namespace blindai
