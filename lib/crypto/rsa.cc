#include "lib/crypto/rsa.h"

#include <bit>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "lib/crypto/owned.h"
#include "lib/crypto/pkey.h"

namespace blindai {
namespace {

constexpr size_t kMaxExponentLen = 4;
constexpr uint32_t kMinExponent = 65537;

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
  const PkeyPtr key = rsa_public_key(n, e);
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  return key != nullptr && ctx != nullptr &&
         EVP_DigestVerifyInit(ctx.get(), &padding, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace blindai
