#include "lib/crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <utility>

#include <openssl/x509.h>

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

constexpr size_t kPointLen = 65;  // SEC 1 section 2.3.3: 04 ‖ x ‖ y

}  // namespace

Sha256Digest sha256(BytesView data) {
  Sha256Digest out;
  BLINDAI_CHECK(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) ==
                1);
  return out;
}

ByteArray<48> sha384(BytesView data) {
  ByteArray<48> out;
  BLINDAI_CHECK(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha384(), nullptr) ==
                1);
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  BLINDAI_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}
void Sha256::update(BytesView data) {
  BLINDAI_CHECK(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
}
Sha256Digest Sha256::finish() {
  Sha256Digest out;
  BLINDAI_CHECK(EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1);
  return out;
}

void random_bytes(std::span<uint8_t> out) {
  BLINDAI_CHECK(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

SecretKey hkdf_sha256(const SecretKey& key, BytesView salt, BytesView info) {
  PkeyCtxPtr ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  const ByteArray<32>& raw = key.reveal(KeyAccess());
  ByteArray<32> out;
  size_t out_len = out.size();
  BLINDAI_CHECK(
      ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1 &&
      EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_salt(ctx.get(), salt.data(), static_cast<int>(salt.size())) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), raw.data(), static_cast<int>(raw.size())) == 1 &&
      EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), info.data(), static_cast<int>(info.size())) == 1 &&
      EVP_PKEY_derive(ctx.get(), out.data(), &out_len) == 1 && out_len == out.size());
  return SecretKey(std::move(out));
}

SigningKey SigningKey::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  BLINDAI_CHECK(key != nullptr);
  return SigningKey(key);
}

Result<SigningKey> SigningKey::from_scalar(const ByteArray<32>& scalar) {
  const EC_GROUP* group = nullptr;
  std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>> owned(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  group = owned.get();
  BnPtr d(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
  BLINDAI_CHECK(group != nullptr && d != nullptr);
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), EC_GROUP_get0_order(group)) >= 0)
    return fail(Code::kInvalid, "crypto.p256.scalar");
  std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>> point(EC_POINT_new(group));
  ByteArray<kPointLen> encoded;
  BLINDAI_CHECK(point != nullptr &&
                EC_POINT_mul(group, point.get(), d.get(), nullptr, nullptr, nullptr) == 1 &&
                EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                   encoded.data(), encoded.size(), nullptr) == kPointLen);
  std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
  BLINDAI_CHECK(build != nullptr &&
                OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                "prime256v1", 0) == 1 &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                 encoded.data(), encoded.size()) == 1);
  std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>> params(
      OSSL_PARAM_BLD_to_param(build.get()));
  PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  BLINDAI_CHECK(ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
                EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1);
  return SigningKey(key);
}

SigningKey::~SigningKey() {
  EVP_PKEY_free(key_);
}
SigningKey::SigningKey(SigningKey&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    EVP_PKEY_free(key_);
    key_ = std::exchange(other.key_, nullptr);
  }
  return *this;
}

ByteArray<64> SigningKey::sign_raw(BytesView message) const {
  MdCtxPtr ctx(EVP_MD_CTX_new());
  ByteArray<80> der;  // DER of two 33-byte INTEGERs is at most 72 bytes
  size_t der_len = der.size();
  BLINDAI_CHECK(EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key_) == 1 &&
                EVP_DigestSign(ctx.get(), der.data(), &der_len, message.data(), message.size()) ==
                    1);
  const unsigned char* at = der.data();
  SigPtr sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der_len)));
  BLINDAI_CHECK(sig != nullptr);
  ByteArray<64> out;
  BLINDAI_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + 32, 32) == 32);
  return out;
}

ByteArray<64> SigningKey::public_point() const {
  ByteArray<kPointLen> encoded;
  size_t length = 0;
  BLINDAI_CHECK(EVP_PKEY_get_octet_string_param(key_, OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                                encoded.size(), &length) == 1 &&
                length == kPointLen && encoded[0] == 4);
  ByteArray<64> out;
  std::copy(encoded.begin() + 1, encoded.end(), out.begin());
  return out;
}

Bytes SigningKey::spki() const {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key_, &der);
  BLINDAI_CHECK(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

}  // namespace blindai
