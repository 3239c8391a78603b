// What OpenSSL 3.0 checks, and what not (crypto/ec/curve25519.c): it refuses S at or above the
// group order and compares R byte by byte with the canonical encoding of what it computed; but it
// takes y coordinates at or above the field's prime, a sign for x = 0, and points of small order.
// Those three are refused here, before OpenSSL sees the key.
#include "lib/crypto/ed25519.h"

#include <algorithm>
#include <openssl/evp.h>
#include <utility>

#include "lib/crypto/error_queue.h"
#include "lib/crypto/owned.h"
#include "lib/crypto/pkey.h"

namespace blindai {
namespace {

using Coordinate = ByteArray<kEd25519KeyLen>;  // little-endian, below 2^255

// 2^255 - 19 (RFC 7748 section 4.1).
constexpr Coordinate kPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

// The y coordinates of the points whose order divides the cofactor 8: order 4 has y = 0, order 1
// has 1, order 2 has -1, and order 8 the two y with which doubling gives order 4. Every point of
// small order has one of these, so its sign does not matter.
constexpr Coordinate kSmallOrder[] = {
    {},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

}  // namespace

Ed25519Key::Ed25519Key(const SecretKey& seed)
    : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.reveal(KeyAccess()).data(),
                                        kEd25519KeyLen)) {
  BLINDAI_CHECK(key_ != nullptr);
}
Ed25519Key::~Ed25519Key() {
  EVP_PKEY_free(key_);
}
Ed25519Key::Ed25519Key(Ed25519Key&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
Ed25519Key& Ed25519Key::operator=(Ed25519Key&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}

ByteArray<kEd25519SignatureLen> Ed25519Key::sign(BytesView message) const {
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  ByteArray<kEd25519SignatureLen> out;
  size_t length = out.size();
  BLINDAI_CHECK(
      ctx != nullptr && EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_) == 1 &&
      EVP_DigestSign(ctx.get(), out.data(), &length, message.data(), message.size()) == 1 &&
      length == out.size());
  return out;
}

ByteArray<kEd25519KeyLen> Ed25519Key::public_key() const {
  ByteArray<kEd25519KeyLen> out;
  size_t length = out.size();
  BLINDAI_CHECK(EVP_PKEY_get_raw_public_key(key_, out.data(), &length) == 1 &&
                length == out.size());
  return out;
}

bool is_ed25519_key(const ByteArray<kEd25519KeyLen>& key) {
  // x is 0 for y = 1 and y = -1 alone, which are of small order: its sign needs no look of its own.
  Coordinate y = key;
  y.back() &= 0x7f;
  return std::lexicographical_compare(y.rbegin(), y.rend(), kPrime.rbegin(), kPrime.rend()) &&
         std::ranges::find(kSmallOrder, y) == std::end(kSmallOrder);
}

bool verify_ed25519(const ByteArray<kEd25519KeyLen>& key, BytesView message,
                    const ByteArray<kEd25519SignatureLen>& signature) {
  if (!is_ed25519_key(key)) return false;
  ErrorQueue errors;
  const PkeyPtr pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  BLINDAI_CHECK(pkey != nullptr && ctx != nullptr &&
                EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) == 1);
  return EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace blindai
