#include "lib/crypto/vendor_keys.h"

#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <utility>

#include <openssl/x509.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using SigPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using BnPtr = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using BuildPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

constexpr size_t kPointLen = 97;  // SEC 1 section 2.3.3: 04 ‖ x ‖ y

// Null when the parameters make no key.
EVP_PKEY* key_from(const char* algorithm, OSSL_PARAM_BLD* build) {
  ParamsPtr params(OSSL_PARAM_BLD_to_param(build));
  PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  BLINDAI_CHECK(params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1);
  return EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1 ? key : nullptr;
}

Bytes spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  BLINDAI_CHECK(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

BnPtr number(BytesView big_endian) {
  BnPtr out(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
  BLINDAI_CHECK(out != nullptr);
  return out;
}

BnPtr less_one(const BIGNUM* n) {
  BnPtr out(BN_dup(n));
  BLINDAI_CHECK(out != nullptr && BN_sub_word(out.get(), 1) == 1);
  return out;
}

ByteArray<256> prime_of(std::string label, uint32_t offset) {
  ByteArray<256> out;
  for (uint8_t i = 0; i < 8; ++i) {
    label.push_back(static_cast<char>(i));
    const Sha256Digest digest = sha256(as_bytes(label));
    label.pop_back();
    std::copy(digest.begin(), digest.end(), out.begin() + i * 32);
  }
  out.front() |= 0xc0;
  out.back() |= 1;
  const BnPtr prime = number(out);
  BLINDAI_CHECK(BN_add_word(prime.get(), 2 * static_cast<BN_ULONG>(offset)) == 1 &&
                BN_bn2binpad(prime.get(), out.data(), 256) == 256);
  return out;
}

}  // namespace

Result<P384Key> P384Key::from_scalar(const ByteArray<48>& scalar) {
  const std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>> group(
      EC_GROUP_new_by_curve_name(NID_secp384r1));
  const BnPtr d = number(scalar);
  BLINDAI_CHECK(group != nullptr);
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), EC_GROUP_get0_order(group.get())) >= 0)
    return fail(Code::kInvalid, "crypto.p384.scalar");
  const std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>> point(EC_POINT_new(group.get()));
  ByteArray<kPointLen> encoded;
  BLINDAI_CHECK(point != nullptr &&
                EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) == 1 &&
                EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                   encoded.data(), encoded.size(), nullptr) == kPointLen);
  const BuildPtr build(OSSL_PARAM_BLD_new());
  BLINDAI_CHECK(build != nullptr &&
                OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                "secp384r1", 0) == 1 &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                 encoded.data(), encoded.size()) == 1);
  EVP_PKEY* key = key_from("EC", build.get());
  BLINDAI_CHECK(key != nullptr);
  return P384Key(key);
}

P384Key::~P384Key() {
  EVP_PKEY_free(key_);
}
P384Key::P384Key(P384Key&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
P384Key& P384Key::operator=(P384Key&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}

ByteArray<96> P384Key::sign_raw(BytesView message) const {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ByteArray<112> der;  // DER of two 49-byte INTEGERs is at most 104 bytes
  size_t der_len = der.size();
  BLINDAI_CHECK(EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha384(), nullptr, key_) == 1 &&
                EVP_DigestSign(ctx.get(), der.data(), &der_len, message.data(), message.size()) ==
                    1);
  const unsigned char* at = der.data();
  const SigPtr sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der_len)));
  ByteArray<96> out;
  BLINDAI_CHECK(sig != nullptr && BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), 48) == 48 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + 48, 48) == 48);
  return out;
}

ByteArray<96> P384Key::public_point() const {
  ByteArray<kPointLen> encoded;
  size_t length = 0;
  BLINDAI_CHECK(EVP_PKEY_get_octet_string_param(key_, OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                                encoded.size(), &length) == 1 &&
                length == kPointLen && encoded[0] == 4);
  ByteArray<96> out;
  std::copy(encoded.begin() + 1, encoded.end(), out.begin());
  return out;
}

Bytes P384Key::spki() const {
  return spki_of(key_);
}

// RFC 8017 section 3.2: the second form of a private key, and d beside it, which OpenSSL wants too.
Result<RsaPssKey> RsaPssKey::from_primes(const ByteArray<256>& p_bytes,
                                         const ByteArray<256>& q_bytes) {
  const std::unexpected<Error> bad = fail(Code::kInvalid, "crypto.rsa.primes");
  const BnPtr p = number(p_bytes), q = number(q_bytes);
  const BnPtr p1 = less_one(p.get()), q1 = less_one(q.get());
  const BnPtr e(BN_new()), n(BN_new()), phi(BN_new()), dp(BN_new()), dq(BN_new());
  const BnCtxPtr ctx(BN_CTX_new());
  BLINDAI_CHECK(e != nullptr && n != nullptr && phi != nullptr && dp != nullptr && dq != nullptr &&
                ctx != nullptr && BN_set_word(e.get(), RSA_F4) == 1 &&
                BN_mul(n.get(), p.get(), q.get(), ctx.get()) == 1 &&
                BN_mul(phi.get(), p1.get(), q1.get(), ctx.get()) == 1);
  if (BN_num_bits(n.get()) != 4096) return bad;
  const BnPtr d(BN_mod_inverse(nullptr, e.get(), phi.get(), ctx.get()));
  const BnPtr q_inverse(BN_mod_inverse(nullptr, q.get(), p.get(), ctx.get()));
  if (d == nullptr || q_inverse == nullptr) return bad;
  BLINDAI_CHECK(BN_mod(dp.get(), d.get(), p1.get(), ctx.get()) == 1 &&
                BN_mod(dq.get(), d.get(), q1.get(), ctx.get()) == 1);
  const BuildPtr build(OSSL_PARAM_BLD_new());
  const auto push = [&build](const char* name, const BnPtr& value) {
    return OSSL_PARAM_BLD_push_BN(build.get(), name, value.get()) == 1;
  };
  BLINDAI_CHECK(
      build != nullptr && push(OSSL_PKEY_PARAM_RSA_N, n) && push(OSSL_PKEY_PARAM_RSA_E, e) &&
      push(OSSL_PKEY_PARAM_RSA_D, d) && push(OSSL_PKEY_PARAM_RSA_FACTOR1, p) &&
      push(OSSL_PKEY_PARAM_RSA_FACTOR2, q) && push(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) &&
      push(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) && push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, q_inverse));
  EVP_PKEY* key = key_from("RSA", build.get());
  if (key == nullptr) return bad;
  return RsaPssKey(key);
}

Result<RsaPssKey> RsaPssKey::from_label(std::string_view label, uint32_t p_offset,
                                        uint32_t q_offset) {
  return from_primes(prime_of(std::string(label) + ", p", p_offset),
                     prime_of(std::string(label) + ", q", q_offset));
}

RsaPssKey::~RsaPssKey() {
  EVP_PKEY_free(key_);
}
RsaPssKey::RsaPssKey(RsaPssKey&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
RsaPssKey& RsaPssKey::operator=(RsaPssKey&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}

ByteArray<512> RsaPssKey::sign(BytesView message) const {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // the digest context owns it
  ByteArray<512> out;
  size_t length = out.size();
  BLINDAI_CHECK(EVP_DigestSignInit(ctx.get(), &padding, EVP_sha384(), nullptr, key_) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, 48) == 1 &&
                EVP_DigestSign(ctx.get(), out.data(), &length, message.data(), message.size()) ==
                    1 &&
                length == out.size());
  return out;
}

Bytes RsaPssKey::spki() const {
  return spki_of(key_);
}

}  // namespace blindai
