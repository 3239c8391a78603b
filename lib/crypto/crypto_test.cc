#include "lib/crypto/crypto.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(Sha256, MatchesFips180Example) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update(as_bytes("a"));
  pieces.update(as_bytes("bc"));
  EXPECT_EQ(pieces.finish(), sha256(as_bytes("abc")));
}

TEST(Hkdf, MatchesAnIndependentComputation) {
  // HMAC-SHA-256 chain computed with Python's hmac: key 32 x 0x0b, salt 00..0c, info f0..f9.
  ByteArray<32> ikm;
  ikm.fill(0x0b);
  const Bytes salt = from_hex("000102030405060708090a0b0c").value();
  const Bytes info = from_hex("f0f1f2f3f4f5f6f7f8f9").value();
  const SecretKey out = hkdf_sha256(SecretKey(std::move(ikm)), salt, info);
  EXPECT_EQ(to_hex(out.reveal(KeyAccess())),
            "d4100799f26a09615a72af3e58fa3841a2ff20d5ace3fb392e562e207fe6b718");
}

TEST(SigningKey, SignaturesVerifyAndFlippedBitsDoNot) {
  const SigningKey key = SigningKey::generate();
  const BytesView message = as_bytes("a message");
  const ByteArray<64> signature = key.sign_raw(message);
  EXPECT_TRUE(verify_p256(key.public_point(), message, signature));
  EXPECT_TRUE(verify_p256_spki(key.spki(), message, signature));
  EXPECT_FALSE(verify_p256(key.public_point(), as_bytes("another"), signature));
  for (size_t bit = 0; bit < 512; bit += 5) {
    ByteArray<64> bad = signature;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(verify_p256(key.public_point(), message, bad)) << bit;
  }
}

TEST(SigningKey, RefusesZeroAndOversizedScalarsAndForeignPoints) {
  ByteArray<32> scalar{};
  EXPECT_EQ(SigningKey::from_scalar(scalar).error().name(), "crypto.p256.scalar");
  scalar.fill(0xff);
  EXPECT_EQ(SigningKey::from_scalar(scalar).error().name(), "crypto.p256.scalar");
  ByteArray<64> off_curve;
  off_curve.fill(1);
  EXPECT_FALSE(verify_p256(off_curve, as_bytes("m"), ByteArray<64>{}));
}

TEST(SigningKey, ScalarOneIsTheBasePoint) {
  ByteArray<32> one{};
  one[31] = 1;
  // SEC 2 section 2.4.2, G of secp256r1.
  EXPECT_EQ(to_hex(SigningKey::from_scalar(one)->public_point()),
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
}

TEST(VerifyP256, RefusesSpkiWithTrailingBytes) {
  const SigningKey key = SigningKey::generate();
  Bytes spki = key.spki();
  const ByteArray<64> signature = key.sign_raw(as_bytes("m"));
  EXPECT_TRUE(verify_p256_spki(spki, as_bytes("m"), signature));
  EXPECT_TRUE(is_p256_spki(spki));
  spki.push_back(0);
  EXPECT_FALSE(is_p256_spki(spki));
  EXPECT_FALSE(verify_p256_spki(spki, as_bytes("m"), signature));
}

TEST(P256Spki, WithAnotherCurveOrNoPointOfItIsRefused) {
  const Bytes spki = SigningKey::generate().spki();
  for (size_t length = 0; length < spki.size(); ++length)
    EXPECT_FALSE(is_p256_spki(BytesView(spki).first(length))) << length;
  for (size_t bit = 0; bit < spki.size() * 8; ++bit) {
    Bytes bad = spki;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    // A flipped x has about an even chance to be another point's, but then y is not that one's.
    EXPECT_FALSE(is_p256_spki(bad)) << bit;
  }
}

}  // namespace
}  // namespace blindai
