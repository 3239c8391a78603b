// Signature checks. docs/adr/0005-signature-checks.md says why they look like this.
//
// OpenSSL 3.0 makes an EVP_PKEY of a point in 23 microseconds, more than half of it for the curve's
// parameters, which never change. So each curve is set up once, and a check uses the functions of
// EC_KEY, which take a curve that is ready. They are deprecated since 3.0 in favour of EVP_PKEY and
// do the very same arithmetic; this is the only file that calls them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/owned.h"

namespace blindai {
namespace {

// OpenSSL leaves what it found wrong in a queue of the thread; nothing of ours reads it, and the
// next TLS call on this thread would take it for its own.
struct ErrorQueue {
  ErrorQueue() { ERR_set_mark(); }
  ~ErrorQueue() { ERR_pop_to_mark(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

// Constants, made at the first use because OpenSSL has no way to make them at compile time.
const EC_GROUP* p256() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  return group;
}
const EC_GROUP* p384() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_secp384r1);
  return group;
}

// The key whose point is `N` bytes of x then y; null when that is not on the curve.
template <size_t N>
Owned<EC_KEY_free> on_curve(const EC_GROUP* group, const ByteArray<N>& point) {
  BLINDAI_CHECK(group != nullptr);
  ByteArray<1 + N> encoded;  // SEC 1 section 2.3.3: 04 ‖ x ‖ y
  encoded[0] = 4;
  std::copy(point.begin(), point.end(), encoded.begin() + 1);
  Owned<EC_KEY_free> key(EC_KEY_new());
  BLINDAI_CHECK(key != nullptr && EC_KEY_set_group(key.get(), group) == 1);
  if (EC_KEY_oct2key(key.get(), encoded.data(), encoded.size(), nullptr) != 1) return nullptr;
  return key;
}

// RFC 5480 section 2: ecPublicKey, prime256v1, then an uncompressed point.
bool point_of_spki(BytesView spki, ByteArray<64>& point) {
  constexpr uint8_t kHead[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                               0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                               0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
  if (spki.size() != sizeof kHead + point.size() || !equal(spki.first(sizeof kHead), kHead))
    return false;
  std::copy(spki.begin() + sizeof kHead, spki.end(), point.begin());
  return true;
}

// `N` bytes of x then y, and of r then s; `digest` is as long as each of them.
template <size_t N>
bool verify_digest(const EC_GROUP* group, const ByteArray<N>& point, BytesView digest,
                   const ByteArray<N>& signature) {
  ErrorQueue errors;
  const Owned<EC_KEY_free> key = on_curve(group, point);
  if (key == nullptr) return false;
  const Owned<ECDSA_SIG_free> sig(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), N / 2, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + N / 2, N / 2, nullptr);
  BLINDAI_CHECK(sig != nullptr && r != nullptr && s != nullptr);
  BLINDAI_CHECK(ECDSA_SIG_set0(sig.get(), r, s) == 1);
  return ECDSA_do_verify(digest.data(), static_cast<int>(digest.size()), sig.get(), key.get()) == 1;
}

}  // namespace

bool verify_p256(const ByteArray<64>& public_point, BytesView message,
                 const ByteArray<64>& signature) {
  return verify_digest(p256(), public_point, sha256(message), signature);
}

bool verify_p256_spki(BytesView spki, BytesView message, const ByteArray<64>& signature) {
  ByteArray<64> point;
  return point_of_spki(spki, point) && verify_p256(point, message, signature);
}

bool is_p256_spki(BytesView spki) {
  ErrorQueue errors;
  ByteArray<64> point;
  return point_of_spki(spki, point) && on_curve(p256(), point) != nullptr;
}

bool verify_p384(const ByteArray<96>& public_point, BytesView message,
                 const ByteArray<96>& signature) {
  return verify_digest(p384(), public_point, sha384(message), signature);
}

bool verify_rsa_pss(const ByteArray<512>& modulus, BytesView message, BytesView signature) {
  constexpr uint8_t kExponent[] = {1, 0, 1};  // 65537
  constexpr int kSaltLen = 48;
  ErrorQueue errors;
  const PkeyPtr key = rsa_public_key(modulus, kExponent);
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;  // owned by ctx
  return key != nullptr && ctx != nullptr &&
         EVP_DigestVerifyInit(ctx.get(), &how, EVP_sha384(), nullptr, key.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(how, kSaltLen) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha384()) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace blindai
