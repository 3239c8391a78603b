// The few cryptographic operations the project needs, over OpenSSL, which stays out of this header.
// Nothing here is cryptography of our own.
#pragma once

#include <memory>
#include <string>

#include "lib/base/bytes.h"
#include "lib/base/secret.h"
#include "lib/crypto/pkey.h"

struct evp_md_ctx_st;

namespace blindai {

// FIPS 180-4.
Sha256Digest sha256(BytesView data);
ByteArray<48> sha384(BytesView data);

// The same, over data that arrives in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(BytesView data);
  // The digest of everything so far. May be called once.
  Sha256Digest finish();

 private:
  evp_md_ctx_st* context_;
};

// Bytes from the operating system's generator. Aborts when there are none: nothing may go on with
// guessable keys.
void random_bytes(std::span<uint8_t> out);

// RFC 5869 with SHA-256, 32 bytes out.
SecretKey hkdf_sha256(const SecretKey& key, BytesView salt, BytesView info);

// An ECDSA P-256 private key.
class SigningKey {
 public:
  static SigningKey generate();
  // The key whose private scalar is `scalar` (32 bytes, big-endian). Only for test roots.
  // Errors: kInvalid "crypto.p256.scalar" when it is zero or not below the group order.
  static Result<SigningKey> from_scalar(const ByteArray<32>& scalar);

  // Over SHA-256(message): 64 bytes, r then s, big-endian.
  ByteArray<64> sign_raw(BytesView message) const;
  // The public point: 64 bytes, x then y, big-endian.
  ByteArray<64> public_point() const;
  // SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
  Bytes spki() const;
  // Borrowed; for net (TLS) and certificate building, which speak OpenSSL.
  evp_pkey_st* native() const { return key_.get(); }

 private:
  explicit SigningKey(PkeyPtr key) : key_(std::move(key)) {}
  PkeyPtr key_;
};

// True when `signature` (64 bytes r‖s) over SHA-256(message) is the key's. False for a point that
// is not on the curve and for r or s outside [1, n-1].
bool verify_p256(const ByteArray<64>& public_point, BytesView message,
                 const ByteArray<64>& signature);
// The same, for a SubjectPublicKeyInfo in DER: of a named curve, with an uncompressed point.
bool verify_p256_spki(BytesView spki, BytesView message, const ByteArray<64>& signature);
// True for a SubjectPublicKeyInfo under which the function above can find a signature good: that
// form, and a point on the curve.
bool is_p256_spki(BytesView spki);
// ECDSA P-384 over SHA-384(message): `public_point` is x then y, `signature` r then s, each number
// 48 bytes, big-endian. False as for verify_p256.
bool verify_p384(const ByteArray<96>& public_point, BytesView message,
                 const ByteArray<96>& signature);
// RSASSA-PSS (RFC 8017 section 8.1) with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes, by a
// key of 4096 bits with exponent 65537. Numbers big-endian.
bool verify_rsa_pss(const ByteArray<512>& modulus, BytesView message, BytesView signature);

}  // namespace blindai
