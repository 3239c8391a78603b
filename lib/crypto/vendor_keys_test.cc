#include "lib/crypto/vendor_keys.h"

#include <gtest/gtest.h>
#include <memory>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <openssl/x509.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr std::string_view kLabel = "BlindAI simulation ARK-Milan, not secret";
constexpr std::string_view kOrder =  // SEC 2 section 2.5.1, n of secp384r1
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
    "581a0db248b0a77aecec196accc52973";

P384Key p384() {
  ByteArray<48> scalar{};
  scalar.fill(0x42);
  return std::move(P384Key::from_scalar(scalar).value());
}

TEST(P384Key, ScalarOneIsTheBasePoint) {
  ByteArray<48> one{};
  one[47] = 1;
  // SEC 2 section 2.5.1, G of secp384r1.
  EXPECT_EQ(to_hex(P384Key::from_scalar(one)->public_point()),
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
            "5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29"
            "f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f");
}

TEST(P384Key, RefusesZeroAndTheOrder) {
  EXPECT_EQ(P384Key::from_scalar({}).error().name(), "crypto.p384.scalar");
  EXPECT_EQ(P384Key::from_scalar(array_from_hex<48>(kOrder).value()).error().name(),
            "crypto.p384.scalar");
}

TEST(VerifyP384, AcceptsTheSignatureAndNoFlippedBitOfAnything) {
  const P384Key key = p384();
  const ByteArray<96> point = key.public_point();
  Bytes message = to_bytes(as_bytes("a message"));
  const ByteArray<96> signature = key.sign_raw(message);
  EXPECT_TRUE(verify_p384(point, message, signature));
  for (size_t bit = 0; bit < 768; bit += 7) {
    ByteArray<96> bad = signature;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(verify_p384(point, message, bad)) << bit;
    bad = point;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(verify_p384(bad, message, signature)) << bit;
  }
  message.push_back(0);
  EXPECT_FALSE(verify_p384(point, message, signature));
}

// FIPS 186-4 section 6.4: r and s have to be in [1, n-1].
TEST(VerifyP384, RefusesNumbersOutOfRange) {
  const P384Key key = p384();
  const ByteArray<96> good = key.sign_raw(as_bytes("m"));
  const auto order = array_from_hex<48>(kOrder).value();
  for (const size_t half : {0u, 48u}) {
    ByteArray<96> bad = good;
    std::fill_n(bad.begin() + static_cast<ptrdiff_t>(half), 48, 0);
    EXPECT_FALSE(verify_p384(key.public_point(), as_bytes("m"), bad));
    std::copy(order.begin(), order.end(), bad.begin() + static_cast<ptrdiff_t>(half));
    EXPECT_FALSE(verify_p384(key.public_point(), as_bytes("m"), bad));
    std::fill_n(bad.begin() + static_cast<ptrdiff_t>(half), 48, 0xff);
    EXPECT_FALSE(verify_p384(key.public_point(), as_bytes("m"), bad));
  }
}

// RFC 6979 appendix A.2.6, with SHA-384, message "sample".
TEST(VerifyP384, AcceptsAPublishedSignature) {
  const auto point = array_from_hex<96>(
      "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a25451548"
      "0bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd"
      "2533264720");
  const auto signature = array_from_hex<96>(
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80f"
      "abe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c7"
      "1a38628ac8");
  EXPECT_TRUE(verify_p384(point.value(), as_bytes("sample"), signature.value()));
  EXPECT_FALSE(verify_p384(point.value(), as_bytes("test"), signature.value()));
}

TEST(RsaPssKey, FromALabelIsOneKeyOfTwoPrimes) {
  const RsaPssKey key = std::move(RsaPssKey::from_label(kLabel, 149, 93).value());
  EXPECT_EQ(to_hex(sha256(key.spki())),
            "90294d647376f10c7b6aa344417db1f9801deff8c58e945e61805e8d9b35bda6");
  // Signed by way of the factors, checked with the public key: holds only if they are primes.
  const Bytes spki = key.spki();
  const unsigned char* at = spki.data();
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pub(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx(EVP_MD_CTX_new(),
                                                                    EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  const ByteArray<512> signature = key.sign(as_bytes("m"));
  ASSERT_EQ(EVP_DigestVerifyInit(ctx.get(), &padding, EVP_sha384(), nullptr, pub.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, 48), 1);
  EXPECT_EQ(
      EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), as_bytes("m").data(), 1), 1);
}

TEST(RsaPssKey, RefusesNumbersThatMakeNoKey) {
  ByteArray<256> small{};
  small[255] = 3;
  ByteArray<256> large;
  large.fill(0xff);
  EXPECT_EQ(RsaPssKey::from_primes(small, large).error().name(), "crypto.rsa.primes");
  EXPECT_EQ(RsaPssKey::from_primes(large, large).error().name(), "crypto.rsa.primes");
}

}  // namespace
}  // namespace blindai
