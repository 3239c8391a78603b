#include "lib/crypto/rsa.h"

#include <bit>
#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace blindai {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using BnPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using BuildPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

constexpr size_t kMaxExponentLen = 4;
constexpr uint32_t kMinExponent = 65537;

PkeyPtr key_of(BytesView n, BytesView e) {
  BnPtr modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
  BnPtr exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  BuildPtr build(OSSL_PARAM_BLD_new());
  BLINDAI_CHECK(modulus != nullptr && exponent != nullptr && build != nullptr &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
  ParamsPtr params(OSSL_PARAM_BLD_to_param(build.get()));
  PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return PkeyPtr(key);
}

}  // namespace

bool is_rsa_key(BytesView n, BytesView e) {
  if (n.empty() || n.size() > kMaxRsaBits / 8 || n.front() == 0 || (n.back() & 1) == 0)
    return false;
  const size_t bits = 8 * n.size() - static_cast<size_t>(std::countl_zero(n.front()));
  if (bits < kMinRsaBits) return false;
  if (e.empty() || e.size() > kMaxExponentLen || e.front() == 0 || (e.back() & 1) == 0)
    return false;
  uint32_t exponent = 0;
  for (const uint8_t byte : e) exponent = exponent << 8 | byte;
  return exponent >= kMinExponent;
}

bool verify_rsa_pkcs1_sha256(BytesView n, BytesView e, BytesView message, BytesView signature) {
  if (!is_rsa_key(n, e) || signature.size() != n.size()) return false;
  PkeyPtr key = key_of(n, e);
  MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  return key != nullptr && ctx != nullptr &&
         EVP_DigestVerifyInit(ctx.get(), &padding, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace blindai
