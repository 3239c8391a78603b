#include "lib/crypto/rsa.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

Bytes number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  Bytes out(static_cast<size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, out.data());
  BN_free(number);
  return out;
}

Bytes sign(EVP_PKEY* key, BytesView message, const EVP_MD* hash, int padding) {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  EVP_PKEY_CTX* pad = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(ctx, &pad, hash, nullptr, key), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(pad, padding), 1);
  size_t length = 0;
  EXPECT_EQ(EVP_DigestSign(ctx, nullptr, &length, message.data(), message.size()), 1);
  Bytes out(length);
  EXPECT_EQ(EVP_DigestSign(ctx, out.data(), &length, message.data(), message.size()), 1);
  EVP_MD_CTX_free(ctx);
  return out;
}

struct Key {
  explicit Key(unsigned bits) : native(EVP_RSA_gen(bits)) {
    n = number_of(native, OSSL_PKEY_PARAM_RSA_N);
    e = number_of(native, OSSL_PKEY_PARAM_RSA_E);
  }
  ~Key() { EVP_PKEY_free(native); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  Bytes signature(BytesView message) const {
    return sign(native, message, EVP_sha256(), RSA_PKCS1_PADDING);
  }
  EVP_PKEY* native;
  Bytes n;
  Bytes e;
};

const Key& key() {
  static const Key out(2048);
  return out;
}

TEST(Rsa, AcceptsTheKeysOwnSignatureAndNoOther) {
  const BytesView message = as_bytes("quoted");
  const Bytes signature = key().signature(message);
  ASSERT_TRUE(verify_rsa_pkcs1_sha256(key().n, key().e, message, signature));
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(key().n, key().e, as_bytes("Quoted"), signature));
  const Key other(2048);
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(other.n, other.e, message, signature));
}

TEST(Rsa, RefusesEveryFlippedBitOfASignature) {
  const BytesView message = as_bytes("quoted");
  Bytes signature = key().signature(message);
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    signature[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    ASSERT_FALSE(verify_rsa_pkcs1_sha256(key().n, key().e, message, signature)) << bit;
    signature[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  }
}

TEST(Rsa, RefusesAnotherLengthHashOrPadding) {
  const BytesView message = as_bytes("quoted");
  Bytes signature = key().signature(message);
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(key().n, key().e, message, BytesView(signature).first(255)));
  signature.insert(signature.begin(), 0);
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(key().n, key().e, message, signature));
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(key().n, key().e, message, {}));
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(
      key().n, key().e, message, sign(key().native, message, EVP_sha384(), RSA_PKCS1_PADDING)));
  EXPECT_FALSE(verify_rsa_pkcs1_sha256(
      key().n, key().e, message, sign(key().native, message, EVP_sha256(), RSA_PKCS1_PSS_PADDING)));
}

TEST(Rsa, AcceptsModuliFrom2048To4096Bits) {
  const Bytes e = {1, 0, 1};
  const auto modulus = [](size_t length, uint8_t first) {
    Bytes out(length, 0xff);
    out.front() = first;
    return out;
  };
  EXPECT_TRUE(is_rsa_key(modulus(256, 0x80), e));
  EXPECT_TRUE(is_rsa_key(modulus(512, 0xff), e));
  EXPECT_FALSE(is_rsa_key(modulus(256, 0x7f), e));
  EXPECT_FALSE(is_rsa_key(modulus(255, 0xff), e));
  EXPECT_FALSE(is_rsa_key(modulus(513, 0x01), e));
  EXPECT_FALSE(is_rsa_key(modulus(257, 0x00), e));
  EXPECT_FALSE(is_rsa_key({}, e));
  Bytes even = modulus(256, 0x80);
  even.back() = 0xfe;
  EXPECT_FALSE(is_rsa_key(even, e));
  const Key small(1024);
  EXPECT_FALSE(
      verify_rsa_pkcs1_sha256(small.n, small.e, as_bytes("m"), small.signature(as_bytes("m"))));
}

TEST(Rsa, AcceptsOddExponentsFrom65537) {
  for (const Bytes& good : {Bytes{1, 0, 1}, Bytes{1, 0, 3}, Bytes{0xff, 0xff, 0xff, 0xff}})
    EXPECT_TRUE(is_rsa_key(key().n, good)) << to_hex(good);
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes{1}, Bytes{3}, Bytes{17}, Bytes{0xff, 0xff},
                           Bytes{1, 0, 0}, Bytes{0, 1, 0, 1}, Bytes{1, 0, 0, 0, 1}})
    EXPECT_FALSE(is_rsa_key(key().n, bad)) << to_hex(bad);
}

TEST(Sha384, MatchesTheStandardsExample) {
  // FIPS 180-4, example "abc".
  EXPECT_EQ(to_hex(sha384(as_bytes("abc"))),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
}

}  // namespace
}  // namespace blindai
