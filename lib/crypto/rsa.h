// RSA signatures, for keys that others chose (a TPM's). OpenSSL stays out of this header.
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

// Sizes of modulus that are accepted, in bits. Smaller ones can be factored within reach of the
// rich (NIST SP 800-57 part 1, table 2); larger ones only cost time.
inline constexpr size_t kMinRsaBits = 2048;
inline constexpr size_t kMaxRsaBits = 4096;

// True when `n` and `e` (big-endian) are a public key that is accepted here: a modulus within the
// limits above, odd, and an odd exponent of at least 65537 and at most 32 bits. Leading zeros are
// refused.
bool is_rsa_key(BytesView n, BytesView e);

// True when `signature` over SHA-256(message) is the key's, RSASSA-PKCS1-v1_5 (RFC 8017 section
// 8.2), and exactly as long as the modulus. False for keys that is_rsa_key() refuses.
bool verify_rsa_pkcs1_sha256(BytesView n, BytesView e, BytesView message, BytesView signature);

}  // namespace blindai
