#include "lib/auth/connection_proof.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

// Signed by "openssl pkeyutl", from docs/formats/api-key.md.
constexpr std::string_view kProof =
    "BlindAI-Key baipk_3rPPbsStjdVu1RryUN6Gk3XUEu7DUJfK7GaacPuI7zohpLCQP."
    "M10n-yOyptQOmFI5TcryITrFbBRrxY8gSvWBlcxdj0NsRwArxzb65nKwcO0VIbUP8AA2_IKwCSAoy7xQM8BQAQ";

std::string parse_error(std::string_view text) {
  return name_of_error(parse_connection_proof(text));
}

TEST(ConnectionProof, HasTheDocumentedText) {
  EXPECT_EQ(make_connection_proof(test_key(), test_exporter()), kProof);
}

TEST(ConnectionProof, HoldsOnItsConnectionAlone) {
  const auto proof = parse_connection_proof(kProof);
  ASSERT_TRUE(proof.has_value()) << proof.error().name();
  const auto key = verify_connection_proof(*proof, test_exporter());
  ASSERT_TRUE(key.has_value()) << key.error().name();
  EXPECT_EQ(key->key(), test_key().public_key());
  for (size_t bit = 0; bit < 8 * kAuthExporterLen; ++bit) {
    AuthExporter other = test_exporter();
    other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (1u << (bit % 8)));
    const auto refused = verify_connection_proof(*proof, other);
    EXPECT_EQ(name_of_error(refused), "auth.proof") << bit;
  }
}

TEST(ConnectionProof, OfAnotherKeyIsRefused) {
  ConnectionProof proof = parse_connection_proof(kProof).value();
  proof.key = test_key(true).public_key();
  EXPECT_EQ(name_of_error(verify_connection_proof(proof, test_exporter())), "auth.proof");
  EXPECT_EQ(verify_connection_proof(proof, test_exporter()).error().code, Code::kAnonymous);
}

TEST(ConnectionProof, CutAtAnyLengthIsRefused) {
  constexpr size_t kKeyAt = 12;
  for (size_t length = 0; length < kProof.size(); ++length)
    EXPECT_EQ(parse_error(kProof.substr(0, length)),
              length < kKeyAt ? "auth.scheme" : "auth.proof-layout")
        << length;
  for (const char* more : {"=", "A", " ", ".", "\n"})
    EXPECT_EQ(parse_error(std::string(kProof) + more), "auth.proof-layout");
}

TEST(ConnectionProof, WithAnyBitFlippedIsRefused) {
  for (size_t bit = 0; bit < 8 * kProof.size(); ++bit) {
    std::string bad(kProof);
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto proof = parse_connection_proof(bad);
    if (!proof.has_value()) continue;
    EXPECT_EQ(name_of_error(verify_connection_proof(*proof, test_exporter())), "auth.proof") << bit;
  }
}

TEST(ConnectionProof, OtherSchemesAndLayoutsAreNamed) {
  EXPECT_EQ(parse_error("Bearer abc"), "auth.scheme");
  EXPECT_EQ(parse_error(""), "auth.scheme");
  EXPECT_EQ(parse_error(replaced(std::string(kProof), "BlindAI-Key", "blindai-key")),
            "auth.scheme");
  EXPECT_EQ(parse_error(replaced(std::string(kProof), "BlindAI-Key ", "BlindAI-Key  ")),
            "auth.key-prefix");
  EXPECT_EQ(parse_error(replaced(std::string(kProof), "_IKw", "/IKw")), "auth.proof-layout");
  EXPECT_EQ(parse_error(replaced(std::string(kProof), "BQAQ", "BQAR")), "auth.proof-layout");
  EXPECT_EQ(parse_error(replaced(std::string(kProof), "baipk_3", "baipk_2")), "auth.key-checksum");
}

}  // namespace
}  // namespace blindai
