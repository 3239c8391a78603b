// OpenSSL's keys, owned, and what the kinds of keys have in common. Private to lib/crypto, whose
// classes are made of it. OpenSSL itself stays out of this header.
#pragma once

#include <memory>

#include "lib/base/bytes.h"

struct evp_pkey_st;

namespace blindai {

struct PkeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using PkeyPtr = std::unique_ptr<evp_pkey_st, PkeyDeleter>;

// SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
Bytes spki_of(const PkeyPtr& key);

// Numbers big-endian, `exponent` of up to four bytes. Null for what OpenSSL takes for no key.
PkeyPtr rsa_public_key(BytesView modulus, BytesView exponent);

// ECDSA keys, by the bytes of a number: 32 is P-256 with SHA-256, 48 is P-384 with SHA-384.
// The key with this private scalar, big-endian. Null when it is zero or not below the group order.
template <size_t N>
PkeyPtr ec_key(const ByteArray<N>& scalar);
// Over the curve's hash of `message`: r then s, big-endian.
template <size_t N>
ByteArray<2 * N> ec_sign(const PkeyPtr& key, BytesView message);
// x then y, big-endian.
template <size_t N>
ByteArray<2 * N> ec_point(const PkeyPtr& key);

}  // namespace blindai
