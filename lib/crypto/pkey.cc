#include "lib/crypto/pkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <openssl/x509.h>

#include "lib/crypto/owned.h"

namespace blindai {
namespace {

struct Curve {
  int nid;
  const char* name;
  const EVP_MD* (*hash)();
};
template <size_t N>
constexpr Curve kCurve = N == 32 ? Curve{NID_X9_62_prime256v1, "prime256v1", EVP_sha256}
                                 : Curve{NID_secp384r1, "secp384r1", EVP_sha384};

template <size_t N>
constexpr size_t kPointLen = 1 + 2 * N;  // SEC 1 section 2.3.3: 04 ‖ x ‖ y

}  // namespace

void PkeyDeleter::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Bytes spki_of(const PkeyPtr& key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key.get(), &der);
  BLINDAI_CHECK(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

PkeyPtr rsa_public_key(BytesView modulus, BytesView exponent) {
  const Owned<BN_free> n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Owned<BN_free> e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  BLINDAI_CHECK(n != nullptr && e != nullptr && build != nullptr &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Owned<OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX_free> ctx(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return PkeyPtr(key);
}

template <size_t N>
PkeyPtr ec_key(const ByteArray<N>& scalar) {
  const Owned<EC_GROUP_free> group(EC_GROUP_new_by_curve_name(kCurve<N>.nid));
  const Owned<BN_clear_free> d(BN_bin2bn(scalar.data(), static_cast<int>(N), nullptr));
  BLINDAI_CHECK(group != nullptr && d != nullptr);
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), EC_GROUP_get0_order(group.get())) >= 0) return nullptr;
  const Owned<EC_POINT_free> point(EC_POINT_new(group.get()));
  ByteArray<kPointLen<N>> encoded;
  BLINDAI_CHECK(point != nullptr &&
                EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) == 1 &&
                EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                   encoded.data(), encoded.size(), nullptr) == encoded.size());
  const Owned<OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  BLINDAI_CHECK(build != nullptr &&
                OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                kCurve<N>.name, 0) == 1 &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                 encoded.data(), encoded.size()) == 1);
  const Owned<OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX_free> ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  BLINDAI_CHECK(params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
                EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1);
  return PkeyPtr(key);
}

template <size_t N>
ByteArray<2 * N> ec_sign(const PkeyPtr& key, BytesView message) {
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  ByteArray<2 * (N + 3) + 3> der;  // two INTEGERs of at most N + 1 bytes in a SEQUENCE
  size_t der_len = der.size();
  BLINDAI_CHECK(ctx != nullptr &&
                EVP_DigestSignInit(ctx.get(), nullptr, kCurve<N>.hash(), nullptr, key.get()) == 1 &&
                EVP_DigestSign(ctx.get(), der.data(), &der_len, message.data(), message.size()) ==
                    1);
  const unsigned char* at = der.data();
  const Owned<ECDSA_SIG_free> sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der_len)));
  ByteArray<2 * N> out;
  constexpr int kLen = static_cast<int>(N);
  BLINDAI_CHECK(sig != nullptr &&
                BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), kLen) == kLen &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + N, kLen) == kLen);
  return out;
}

template <size_t N>
ByteArray<2 * N> ec_point(const PkeyPtr& key) {
  ByteArray<kPointLen<N>> encoded;
  size_t length = 0;
  BLINDAI_CHECK(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                                encoded.size(), &length) == 1 &&
                length == encoded.size() && encoded[0] == 4);
  ByteArray<2 * N> out;
  std::copy(encoded.begin() + 1, encoded.end(), out.begin());
  return out;
}

template PkeyPtr ec_key(const ByteArray<32>& scalar);
template PkeyPtr ec_key(const ByteArray<48>& scalar);
template ByteArray<64> ec_sign<32>(const PkeyPtr& key, BytesView message);
template ByteArray<96> ec_sign<48>(const PkeyPtr& key, BytesView message);
template ByteArray<64> ec_point<32>(const PkeyPtr& key);
template ByteArray<96> ec_point<48>(const PkeyPtr& key);

}  // namespace blindai
