#include "bench/raw_signatures.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <openssl/x509.h>

#include "lib/base/result.h"

namespace blindai {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

X509Ptr read(BytesView der) {
  const unsigned char* at = der.data();
  X509Ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  BLINDAI_CHECK(out != nullptr);
  return out;
}

Bytes taken(unsigned char* raw, int length) {
  BLINDAI_CHECK(length > 0);
  Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

BytesView view(const ASN1_STRING* s) {
  return {ASN1_STRING_get0_data(s), static_cast<size_t>(ASN1_STRING_length(s))};
}

}  // namespace

struct RawSignatures::One {
  std::unique_ptr<EC_KEY, Deleter<EC_KEY_free>> ec;
  std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>> ecdsa;
  std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> rsa;
  std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>> hash;
  Bytes message;
  Bytes signature;  // of rsa

  One(const char* digest, Bytes m)
      : hash(EVP_MD_fetch(nullptr, digest, nullptr)), message(std::move(m)) {}

  bool holds() const { return rsa == nullptr ? ecdsa_holds() : rsa_holds(); }

  bool ecdsa_holds() const {
    ByteArray<EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    return EVP_Digest(message.data(), message.size(), digest.data(), &length, hash.get(),
                      nullptr) == 1 &&
           ECDSA_do_verify(digest.data(), static_cast<int>(length), ecdsa.get(), ec.get()) == 1;
  }

  bool rsa_holds() const {
    const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> ctx(EVP_MD_CTX_new());
    EVP_PKEY_CTX* how = nullptr;
    return EVP_DigestVerifyInit(ctx.get(), &how, hash.get(), nullptr, rsa.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 48) == 1 &&
           EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
  }

  static std::unique_ptr<One> of(Bytes body, const ASN1_BIT_STRING* bits, const X509* issuer) {
    EVP_PKEY* key = X509_get0_pubkey(issuer);
    const BytesView signature = view(bits);
    BLINDAI_CHECK(key != nullptr);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
      auto out = std::make_unique<One>("SHA384", std::move(body));
      EVP_PKEY_up_ref(key);
      out->rsa.reset(key);
      out->signature = to_bytes(signature);
      return out;
    }
    auto out =
        std::make_unique<One>(EVP_PKEY_get_bits(key) == 256 ? "SHA256" : "SHA384", std::move(body));
    out->ec.reset(EVP_PKEY_get1_EC_KEY(key));
    const unsigned char* at = signature.data();
    out->ecdsa.reset(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
    return out;
  }
};

RawSignatures::RawSignatures() = default;
RawSignatures::~RawSignatures() = default;
RawSignatures::RawSignatures(RawSignatures&&) noexcept = default;

void RawSignatures::add_certificate(BytesView der, BytesView issuer) {
  const X509Ptr certificate = read(der);
  unsigned char* raw = nullptr;
  const int length = i2d_re_X509_tbs(certificate.get(), &raw);
  const ASN1_BIT_STRING* bits = nullptr;
  X509_get0_signature(&bits, nullptr, certificate.get());
  all_.push_back(One::of(taken(raw, length), bits, read(issuer).get()));
}

void RawSignatures::add_crl(BytesView der, BytesView issuer) {
  const unsigned char* at = der.data();
  const CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  BLINDAI_CHECK(crl != nullptr);
  unsigned char* raw = nullptr;
  const int length = i2d_re_X509_CRL_tbs(crl.get(), &raw);
  const ASN1_BIT_STRING* bits = nullptr;
  X509_CRL_get0_signature(crl.get(), &bits, nullptr);
  all_.push_back(One::of(taken(raw, length), bits, read(issuer).get()));
}

void RawSignatures::add_ecdsa(BytesView point, BytesView message, BytesView signature) {
  const bool p256 = point.size() == 64;
  BLINDAI_CHECK(signature.size() == point.size() && (p256 || point.size() == 96));
  auto out = std::make_unique<One>(p256 ? "SHA256" : "SHA384", to_bytes(message));
  out->ec.reset(EC_KEY_new_by_curve_name(p256 ? NID_X9_62_prime256v1 : NID_secp384r1));
  Bytes encoded = {4};
  append(encoded, point);
  BLINDAI_CHECK(EC_KEY_oct2key(out->ec.get(), encoded.data(), encoded.size(), nullptr) == 1);
  const int half = static_cast<int>(signature.size() / 2);
  out->ecdsa.reset(ECDSA_SIG_new());
  ECDSA_SIG_set0(out->ecdsa.get(), BN_bin2bn(signature.data(), half, nullptr),
                 BN_bin2bn(signature.data() + half, half, nullptr));
  all_.push_back(std::move(out));
}

size_t RawSignatures::count() const {
  return all_.size();
}

void RawSignatures::check() const {
  for (const auto& one : all_) BLINDAI_CHECK(one->holds());
}

}  // namespace blindai
