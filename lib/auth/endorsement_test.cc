#include "lib/auth/endorsement.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

// By test_key(), for the owner whose root is test_key(true); signed by "openssl pkeyutl".
constexpr std::string_view kConsent =
    "2CP2RusUzZBizDtGrcED5xYZOA4tierFvXXZFVsk7lXLIY0JZcVEVE29F64QiU-BPxK4acpBTfnyMfzs8ao0AQ";

Endorsement sample() {
  return make_endorsement(test_key(), test_key(true).public_key());
}

TEST(Endorsement, HasTheDocumentedText) {
  EXPECT_EQ(consent_to_text(sample()), kConsent);
  EXPECT_EQ(parse_consent(kConsent).value(), sample().consent);
}

TEST(Endorsement, HoldsForOneKeyAndOneOwner) {
  const auto held = verify_endorsement(sample());
  ASSERT_TRUE(held.has_value()) << held.error().name();
  EXPECT_EQ(held->key(), test_key().public_key());
  EXPECT_EQ(held->owner(), test_key(true).public_key());

  Endorsement other_owner = sample();
  other_owner.owner = ApiKey::generate().public_key();
  EXPECT_EQ(name_of_error(verify_endorsement(other_owner)), "auth.consent");
  Endorsement other_key = sample();
  other_key.key = ApiKey::generate().public_key();
  EXPECT_EQ(name_of_error(verify_endorsement(other_key)), "auth.consent");
  Endorsement swapped = sample();
  std::swap(swapped.owner, swapped.key);
  EXPECT_EQ(name_of_error(verify_endorsement(swapped)), "auth.consent");
}

TEST(Endorsement, WithAnyBitFlippedIsRefused) {
  for (size_t bit = 0; bit < 8 * kEd25519SignatureLen; ++bit) {
    Endorsement bad = sample();
    bad.consent[bit / 8] = static_cast<uint8_t>(bad.consent[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_EQ(name_of_error(verify_endorsement(bad)), "auth.consent") << bit;
  }
}

TEST(Endorsement, OfTheRootItselfIsRefused) {
  const Endorsement self = make_endorsement(test_key(), test_key().public_key());
  EXPECT_EQ(name_of_error(verify_endorsement(self)), "auth.endorse-self");
}

TEST(Endorsement, ConnectionProofIsNoConsent) {
  Endorsement bad = sample();
  bad.consent =
      parse_connection_proof(make_connection_proof(test_key(), test_exporter()))->signature;
  EXPECT_EQ(name_of_error(verify_endorsement(bad)), "auth.consent");
}

TEST(Consent, CutAtAnyLengthIsRefused) {
  for (size_t length = 0; length < kConsent.size(); ++length)
    EXPECT_EQ(name_of_error(parse_consent(kConsent.substr(0, length))), "auth.consent-layout");
  for (const char* more : {"==", "A", "AA", " "})
    EXPECT_EQ(name_of_error(parse_consent(std::string(kConsent) + more)), "auth.consent-layout");
  EXPECT_EQ(name_of_error(parse_consent(replaced(std::string(kConsent), "U-B", "U+B"))),
            "auth.consent-layout");
}

}  // namespace
}  // namespace blindai
