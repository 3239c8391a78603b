#include "lib/auth/api_key.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

// Computed with Python's hashlib and integers, from docs/formats/api-key.md.
constexpr std::string_view kKeyText = "bai_2oxdNbih3IE1y20UTdjoH18ZJIfuCgcSJ9wrk1Bs0dzxu4upg";
constexpr std::string_view kPublicText = "baipk_3rPPbsStjdVu1RryUN6Gk3XUEu7DUJfK7GaacPuI7zohpLCQP";
constexpr std::string_view kZeroSeed = "bai_00000000000000000000000000000000000000000003YeAar";
constexpr std::string_view kOnesSeed = "bai_4aayPrHErxRw4RlpBrwySYBqld0KYBESq8ER8ckHOABxLHkHE";

std::string text_of(const ApiKey& key) {
  const ApiKeyText text = key.text(KeyAccess());
  return {text.reveal(KeyAccess()).begin(), text.reveal(KeyAccess()).end()};
}

std::string api_error(std::string_view text) {
  return name_of_error(ApiKey::parse(text));
}
std::string public_error(std::string_view text) {
  return name_of_error(parse_public_key(text));
}

TEST(ApiKey, HasTheDocumentedText) {
  const ApiKey key = test_key();
  EXPECT_EQ(text_of(key), kKeyText);
  EXPECT_EQ(to_text(key.public_key()), kPublicText);
  EXPECT_EQ(to_hex(key.public_key().bytes),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST(ApiKey, IsReadAsItWasWritten) {
  for (const std::string_view text : {kKeyText, kZeroSeed, kOnesSeed}) {
    const auto key = ApiKey::parse(text);
    ASSERT_TRUE(key.has_value()) << key.error().name();
    EXPECT_EQ(text_of(*key), text);
    EXPECT_EQ(text_of(key->duplicate(KeyAccess())), text);
    EXPECT_EQ(parse_public_key(to_text(key->public_key())).value(), key->public_key());
  }
  const ApiKey made = ApiKey::generate();
  EXPECT_EQ(ApiKey::parse(text_of(made))->public_key(), made.public_key());
  EXPECT_NE(ApiKey::generate().public_key(), made.public_key());
}

TEST(ApiKey, CutAtAnyLengthIsRefused) {
  for (size_t length = 0; length < kKeyText.size(); ++length)
    EXPECT_EQ(api_error(kKeyText.substr(0, length)),
              length < kApiKeyPrefix.size() ? "auth.key-prefix" : "auth.key-length");
  for (size_t length = 0; length < kPublicText.size(); ++length)
    EXPECT_EQ(public_error(kPublicText.substr(0, length)),
              length < kPublicKeyPrefix.size() ? "auth.key-prefix" : "auth.key-length");
  EXPECT_EQ(api_error(std::string(kKeyText) + "\n"), "auth.key-length");
  EXPECT_EQ(public_error(std::string(kPublicText) + " "), "auth.key-length");
}

TEST(ApiKey, WithAnyBitFlippedIsRefused) {
  for (const std::string_view good : {kKeyText, kPublicText}) {
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
      std::string bad(good);
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_NE(good == kKeyText ? api_error(bad) : public_error(bad), "") << bit;
    }
  }
}

TEST(ApiKey, EveryOtherCharacterInAnyPlaceIsNamed) {
  for (size_t at = kApiKeyPrefix.size(); at < kKeyText.size(); ++at) {
    std::string bad(kKeyText);
    bad[at] = bad[at] == 'x' ? 'y' : 'x';
    EXPECT_EQ(api_error(bad), "auth.key-checksum") << at;
    bad[at] = '-';
    EXPECT_EQ(api_error(bad), "auth.key-characters") << at;
    bad[at] = '\xc3';
    EXPECT_EQ(api_error(bad), "auth.key-characters") << at;
  }
  std::string swapped(kKeyText);
  std::swap(swapped[10], swapped[11]);
  EXPECT_EQ(api_error(swapped), "auth.key-checksum");
}

// 62^49 is above 2^288: a number that does not fit would be a second spelling of another one.
TEST(ApiKey, HasOneSpelling) {
  EXPECT_EQ(api_error("bai_" + std::string(49, 'z')), "auth.key-checksum");
  EXPECT_EQ(api_error("bai_5" + std::string(48, '0')), "auth.key-checksum");
  // The zero key's number and 2^288: what is left of it in 288 bits is the zero key's again.
  EXPECT_EQ(api_error("bai_4aayPrHErxRw4RlpBrwySYBqld0KYBESq8ER8ckHOAC3FPiGz"),
            "auth.key-checksum");
  EXPECT_EQ(api_error("BAI_" + std::string(kKeyText.substr(4))), "auth.key-prefix");
}

TEST(ApiKey, OneKindIsNotTakenForAnother) {
  EXPECT_EQ(api_error(kPublicText), "auth.key-public");
  EXPECT_EQ(public_error(kKeyText), "auth.key-secret");
  // The digits of one kind under the prefix of the other.
  EXPECT_EQ(api_error("bai_" + std::string(kPublicText.substr(6))), "auth.key-checksum");
  EXPECT_EQ(public_error("baipk_" + std::string(kKeyText.substr(4))), "auth.key-checksum");
}

// With good checksums: y = 1, y = -1 and y = the prime.
TEST(PublicKey, OfSmallOrderOrInAnotherEncodingIsRefused) {
  for (const char* weak : {"baipk_016vOJpATGwTWxCXNXOCpSE5m8czaweV6z3vkI4XUMo0LMizd",
                           "baipk_4FTNxmb1tlWsyIvaydX2gts50z3SECovhQ1jx5M15AjS9FMfs",
                           "baipk_4GaJM6QCN2TMVG88MAvFWM6An7gRp9TQoP5fhNQYZXXOUI4KQ"})
    EXPECT_EQ(public_error(weak), "auth.key-weak") << weak;
}

}  // namespace
}  // namespace blindai
