#include "lib/crypto/aead.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

struct Vector {
  const char* key;
  const char* nonce;
  const char* aad;
  const char* plaintext;
  const char* sealed;  // ciphertext, then tag
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 13 to 16: the
// AES-256 vectors with 96-bit nonces that the submission to NIST carries.
const Vector kVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

Aes256Gcm cipher_of(const Vector& v) {
  return Aes256Gcm(SecretKey(array_from_hex<32>(v.key).value()));
}

TEST(Aes256Gcm, MatchesThePublishedVectorsInBothDirections) {
  for (const Vector& v : kVectors) {
    Aes256Gcm cipher = cipher_of(v);
    const AeadNonce nonce = array_from_hex<12>(v.nonce).value();
    const Bytes aad = from_hex(v.aad).value();
    const Bytes plaintext = from_hex(v.plaintext).value();
    Bytes sealed(plaintext.size() + kAeadTagLen);
    // Twice, because the object is made to be used again.
    for (int round = 0; round < 2; ++round) {
      cipher.seal(nonce, aad, plaintext, sealed);
      EXPECT_EQ(to_hex(sealed), v.sealed);
      Bytes opened(plaintext.size());
      EXPECT_TRUE(cipher.open(nonce, aad, sealed, opened));
      EXPECT_EQ(opened, plaintext);
    }
  }
}

TEST(Aes256Gcm, RefusesEveryFlippedBitAndLeavesNoPlaintext) {
  const Vector& v = kVectors[3];
  Aes256Gcm cipher = cipher_of(v);
  const AeadNonce nonce = array_from_hex<12>(v.nonce).value();
  const Bytes aad = from_hex(v.aad).value();
  const Bytes sealed = from_hex(v.sealed).value();
  Bytes opened(sealed.size() - kAeadTagLen);
  const auto flipped = [](auto bytes, size_t bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1u << (bit % 8)));
    return bytes;
  };
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    opened.assign(opened.size(), 0xaa);
    EXPECT_FALSE(cipher.open(nonce, aad, flipped(sealed, bit), opened)) << bit;
    EXPECT_EQ(opened, Bytes(opened.size(), 0)) << bit;
  }
  for (size_t bit = 0; bit < aad.size() * 8; ++bit)
    EXPECT_FALSE(cipher.open(nonce, flipped(aad, bit), sealed, opened)) << bit;
  for (size_t bit = 0; bit < nonce.size() * 8; ++bit)
    EXPECT_FALSE(cipher.open(flipped(nonce, bit), aad, sealed, opened)) << bit;
  EXPECT_TRUE(cipher.open(nonce, aad, sealed, opened));
}

TEST(Aes256Gcm, RefusesInputShorterThanATag) {
  Aes256Gcm cipher = cipher_of(kVectors[0]);
  for (size_t length = 0; length < kAeadTagLen; ++length)
    EXPECT_FALSE(cipher.open(AeadNonce{}, {}, Bytes(length), {})) << length;
}

TEST(Aes256Gcm, MovesWithItsKey) {
  Aes256Gcm from = cipher_of(kVectors[1]);
  Aes256Gcm to = std::move(from);
  to = cipher_of(kVectors[0]);
  Bytes sealed(kAeadTagLen);
  to.seal(AeadNonce{}, {}, {}, sealed);
  EXPECT_EQ(to_hex(sealed), kVectors[0].sealed);
}

}  // namespace
}  // namespace blindai
