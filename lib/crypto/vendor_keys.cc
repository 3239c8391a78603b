#include "lib/crypto/vendor_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/owned.h"

namespace blindai {
namespace {

using BnPtr = Owned<BN_clear_free>;

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
  PkeyPtr key = ec_key(scalar);
  if (key == nullptr) return fail(Code::kInvalid, "crypto.p384.scalar");
  return P384Key(std::move(key));
}

ByteArray<96> P384Key::sign_raw(BytesView message) const {
  return ec_sign<48>(key_, message);
}

ByteArray<96> P384Key::public_point() const {
  return ec_point<48>(key_);
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
  const Owned<BN_CTX_free> ctx(BN_CTX_new());
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
  const Owned<OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  const auto push = [&build](const char* name, const BnPtr& value) {
    return OSSL_PARAM_BLD_push_BN(build.get(), name, value.get()) == 1;
  };
  BLINDAI_CHECK(
      build != nullptr && push(OSSL_PKEY_PARAM_RSA_N, n) && push(OSSL_PKEY_PARAM_RSA_E, e) &&
      push(OSSL_PKEY_PARAM_RSA_D, d) && push(OSSL_PKEY_PARAM_RSA_FACTOR1, p) &&
      push(OSSL_PKEY_PARAM_RSA_FACTOR2, q) && push(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) &&
      push(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) && push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, q_inverse));
  const Owned<OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX_free> make(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  BLINDAI_CHECK(params != nullptr && make != nullptr && EVP_PKEY_fromdata_init(make.get()) == 1);
  if (EVP_PKEY_fromdata(make.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) return bad;
  return RsaPssKey(PkeyPtr(key));
}

Result<RsaPssKey> RsaPssKey::from_label(std::string_view label, uint32_t p_offset,
                                        uint32_t q_offset) {
  return from_primes(prime_of(std::string(label) + ", p", p_offset),
                     prime_of(std::string(label) + ", q", q_offset));
}

ByteArray<512> RsaPssKey::sign(BytesView message) const {
  const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // the digest context owns it
  ByteArray<512> out;
  size_t length = out.size();
  BLINDAI_CHECK(EVP_DigestSignInit(ctx.get(), &padding, EVP_sha384(), nullptr, key_.get()) == 1 &&
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
