#include "lib/crypto/ed25519.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace blindai {
namespace {

template <size_t N>
ByteArray<N> hex(std::string_view text) {
  return array_from_hex<N>(text).value();
}

struct Ed25519Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr Ed25519Vector kEd25519Vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

// The points of small order in every encoding that has their y modulo the prime: the eight
// canonical ones, then those with y at or above the prime or with a sign for x = 0.
constexpr const char* kWeakKeys[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

// What OpenSSL alone says.
bool openssl_verifies(const ByteArray<32>& key, BytesView message, const ByteArray<64>& signature) {
  EVP_PKEY* pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size());
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  const bool good = EVP_DigestVerifyInit(ctx, nullptr, nullptr, nullptr, pkey) == 1 &&
                    EVP_DigestVerify(ctx, signature.data(), signature.size(), message.data(),
                                     message.size()) == 1;
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(pkey);
  return good;
}

TEST(Ed25519, MatchesRfc8032) {
  for (const Ed25519Vector& v : kEd25519Vectors) {
    const Ed25519Key key{SecretKey(hex<32>(v.seed))};
    const Bytes message = from_hex(v.message).value();
    EXPECT_EQ(to_hex(key.public_key()), v.key);
    EXPECT_EQ(to_hex(key.sign(message)), v.signature);
    EXPECT_TRUE(verify_ed25519(hex<32>(v.key), message, hex<64>(v.signature)));
  }
}

TEST(Ed25519, EveryFlippedBitIsFound) {
  const Ed25519Vector& v = kEd25519Vectors[2];
  const auto key = hex<32>(v.key);
  const Bytes message = from_hex(v.message).value();
  const auto signature = hex<64>(v.signature);
  const auto flipped = [](auto bytes, size_t bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1u << (bit % 8)));
    return bytes;
  };
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit)
    EXPECT_FALSE(verify_ed25519(key, message, flipped(signature, bit))) << bit;
  for (size_t bit = 0; bit < 8 * key.size(); ++bit)
    EXPECT_FALSE(verify_ed25519(flipped(key, bit), message, signature)) << bit;
  for (size_t bit = 0; bit < 8 * message.size(); ++bit)
    EXPECT_FALSE(verify_ed25519(key, flipped(message, bit), signature)) << bit;
}

// S + L satisfies the same equation (RFC 8032 section 8.4): a second signature of the same message.
TEST(Ed25519, SAboveTheGroupOrderIsRefused) {
  const auto order = hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  for (const Ed25519Vector& v : kEd25519Vectors) {
    auto signature = hex<64>(v.signature);
    uint32_t carry = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      carry += uint32_t{signature[32 + i]} + order[i];
      signature[32 + i] = static_cast<uint8_t>(carry);
      carry >>= 8;
    }
    ASSERT_EQ(carry, 0u);
    EXPECT_FALSE(verify_ed25519(hex<32>(v.key), from_hex(v.message).value(), signature));
  }
}

TEST(Ed25519, KeysOfSmallOrderOrInAnotherEncodingAreRefused) {
  for (const char* weak : kWeakKeys) {
    EXPECT_FALSE(is_ed25519_key(hex<32>(weak))) << weak;
    ByteArray<64> forged{};  // R is the neutral point, S is 0
    forged[0] = 1;
    for (uint8_t i = 0; i < 64; ++i)
      EXPECT_FALSE(verify_ed25519(hex<32>(weak), Bytes{i}, forged)) << weak;
  }
  EXPECT_FALSE(
      is_ed25519_key(hex<32>("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));
  EXPECT_TRUE(is_ed25519_key(hex<32>(kEd25519Vectors[0].key)));
}

// Why the check before OpenSSL is there: without it these hold for messages that nobody signed.
// Where this fails, OpenSSL has learned to refuse them itself.
TEST(Ed25519, OpenSslAloneTakesKeysOfSmallOrder) {
  ByteArray<64> forged{};
  forged[0] = 1;
  for (const char* weak : kWeakKeys) {
    int taken = 0;
    for (uint8_t i = 0; i < 64; ++i)
      taken += openssl_verifies(hex<32>(weak), Bytes{i}, forged) ? 1 : 0;
    EXPECT_GT(taken, 0) << weak;
  }
}

TEST(Ed25519, RInAnotherEncodingIsRefused) {
  // The neutral point's y is 1; y = p + 1 is the same number.
  auto r = hex<32>("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  ByteArray<64> forged{};
  std::copy(r.begin(), r.end(), forged.begin());
  const auto neutral = hex<32>(kWeakKeys[0]);  // under this key, R = 1 and S = 0 hold for anything
  EXPECT_FALSE(openssl_verifies(neutral, as_bytes("m"), forged));
  forged.fill(0);
  forged[0] = 1;
  EXPECT_TRUE(openssl_verifies(neutral, as_bytes("m"), forged));
}

TEST(Ed25519, KeyWithoutAPointVerifiesNothing) {
  // y = 2 has no x: (y^2 - 1) / (d y^2 + 1) is not a square.
  ByteArray<32> two{};
  two[0] = 2;
  ByteArray<64> forged{};
  forged[0] = 1;
  EXPECT_FALSE(verify_ed25519(two, as_bytes("m"), forged));
  EXPECT_FALSE(openssl_verifies(two, as_bytes("m"), forged));
}

TEST(Ed25519, KeysMove) {
  Ed25519Key a{SecretKey(hex<32>(kEd25519Vectors[0].seed))};
  Ed25519Key b{SecretKey(hex<32>(kEd25519Vectors[1].seed))};
  b = std::move(a);
  const Ed25519Key c(std::move(b));
  EXPECT_EQ(to_hex(c.public_key()), kEd25519Vectors[0].key);
}

}  // namespace
}  // namespace blindai
