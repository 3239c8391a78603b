// Private keys of the kinds with which vendors sign evidence and its certificates: ECDSA P-384 and
// RSA-4096. For simulated platforms and test roots; nothing that has to stay secret is signed here.
// Over OpenSSL, which stays out of this header.
#pragma once

#include "lib/crypto/pkey.h"

namespace blindai {

// An ECDSA P-384 private key.
class P384Key {
 public:
  // The key whose private scalar is `scalar` (48 bytes, big-endian).
  // Errors: kInvalid "crypto.p384.scalar" when it is zero or not below the group order.
  static Result<P384Key> from_scalar(const ByteArray<48>& scalar);

  // Over SHA-384(message): r then s, 48 bytes each, big-endian.
  ByteArray<96> sign_raw(BytesView message) const;
  // x then y, 48 bytes each, big-endian.
  ByteArray<96> public_point() const;
  // SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
  Bytes spki() const;

 private:
  explicit P384Key(PkeyPtr key) : key_(std::move(key)) {}
  PkeyPtr key_;
};

// An RSA-4096 private key with exponent 65537, which signs by RSASSA-PSS (RFC 8017 section 8.1)
// with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
class RsaPssKey {
 public:
  // The key of these two primes, each 256 bytes, big-endian. That they are primes is the caller's
  // word. Errors: kInvalid "crypto.rsa.primes" when no 4096-bit key with that exponent comes out.
  static Result<RsaPssKey> from_primes(const ByteArray<256>& p, const ByteArray<256>& q);
  // A key that anybody can make from `label`, and no secret for that reason. Each prime is the
  // first one at or after a number of 2048 bits, odd and with its two highest bits set: SHA-256 of
  // the label, ", p" or ", q", and a byte from 0 to 7, one after the other. Searching takes
  // seconds, so the caller knows the result: the prime is that number plus twice the offset.
  // Errors as above.
  static Result<RsaPssKey> from_label(std::string_view label, uint32_t p_offset, uint32_t q_offset);

  ByteArray<512> sign(BytesView message) const;
  // SubjectPublicKeyInfo in DER, as rsaEncryption.
  Bytes spki() const;

 private:
  explicit RsaPssKey(PkeyPtr key) : key_(std::move(key)) {}
  PkeyPtr key_;
};

}  // namespace blindai
