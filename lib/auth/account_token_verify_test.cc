#include "lib/auth/account_token.h"
#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

std::vector<TokenIssuer> issuers(std::initializer_list<uint8_t> scalars) {
  std::vector<TokenIssuer> out;
  for (const uint8_t scalar : scalars)
    out.push_back(token_issuer(test_issuer(scalar).spki()).value());
  return out;
}

std::string verify_error(const std::string& text, Time now = {kTestNow},
                         const std::vector<TokenIssuer>& accepted = issuers({7}),
                         const ApiKey& caller = test_key()) {
  const auto token = parse_account_token(text);
  if (!token.has_value()) return "parse: " + std::string(token.error().name());
  return name_of_error(verify_account_token(*token, accepted, proven(caller), now));
}

std::string signed_claims(const AccountClaims& claims) {
  return sign_account_token(claims, test_issuer());
}

// Made with the openssl command, and a key that is not kept.
TEST(AccountTokenVerify, HoldsForATokenThatAnotherProgramMade) {
  const auto issuer = parse_token_issuer(
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEO+VlobC3/aqJWkXuJqELx972Z0Zu6RP3+RJkSJcQKRPJA/"
      "u3cYuRzN/nWFnxHO2AVGmURmkw9Nz6zlagEh8UYA==");
  ASSERT_TRUE(issuer.has_value());
  const auto token = parse_account_token(
      "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InpRTC1xTGt6U0ZWQkloMl9HeUlKb2VtV29ZNWIxZlM1Q1pB"
      "M3JZcEMzRm8ifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmV4YW1wbGUiLCJzdWIiOiJhY2N0LTciLCJoYW5kbGUi"
      "OiJhbGljZSIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAwOTAwLCJjbmYiOnsiandrIjp7Imt0eSI6Ik9LUCIs"
      "ImNydiI6IkVkMjU1MTkiLCJ4IjoiMTFxWUFZS3hDcmZWU183VHlXUUhPZzdoY3ZQYXBpTWxyd0lhYVBjSFVSbyJ9fSwi"
      "bGltaXRzIjp7Im1vZGVsc19wZXJfYWNjb3VudCI6MywicmV0ZW50aW9uX2RheXMiOjMwfX0.4a1TYIVnC_T8JBleNXld"
      "Uxn1SohV1OzrLDzk7eEMn7TmiI-3dY9ObuilTZFHDo-XEz9Bv_I9z-QH8xtj8MKdWQ");
  ASSERT_TRUE(token.has_value()) << token.error().name();
  const auto account =
      verify_account_token(*token, std::span(&*issuer, 1), proven(test_key()), {kTestNow});
  ASSERT_TRUE(account.has_value()) << account.error().name();
  EXPECT_EQ(account->claims(), test_claims());
}

TEST(AccountTokenVerify, NeedsAnIssuerThatIsListed) {
  const std::string token = signed_claims(test_claims());
  EXPECT_EQ(verify_error(token), "");
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({8, 7})), "");
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({8})), "auth.token-issuer");
  EXPECT_EQ(verify_error(token, {kTestNow}, {}), "auth.token-issuer");
}

TEST(AccountTokenVerify, WithoutAKidEveryIssuerIsTried) {
  const std::string with_kid = signed_claims(test_claims());
  const size_t first = with_kid.find('.') + 1;
  const Bytes claims = from_base64url(with_kid.substr(first, with_kid.rfind('.') - first)).value();
  const std::string token = token_of(R"({"alg":"ES256","typ":"JWT"})", as_text(claims));
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({9, 8, 7})), "");
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({9, 8})), "auth.token-signature");
  EXPECT_EQ(verify_error(token, {kTestNow}, {}), "auth.token-issuer");
}

TEST(AccountTokenVerify, KidOfOneIssuerWithTheSignatureOfAnotherIsRefused) {
  const std::string kid = issuers({8})[0].key_id;
  const std::string good = signed_claims(test_claims());
  const size_t first = good.find('.') + 1;
  const Bytes claims = from_base64url(good.substr(first, good.rfind('.') - first)).value();
  const std::string token =
      token_of(R"({"alg":"ES256","typ":"JWT","kid":")" + kid + "\"}", as_text(claims));
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({7, 8})), "auth.token-signature");
}

TEST(AccountTokenVerify, EveryFlippedBitIsFound) {
  const std::string good = signed_claims(test_claims());
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(verify_error(bad), "") << bit;
  }
}

TEST(AccountTokenVerify, HoldsFromAMinuteBeforeItsIssueUntilItExpires) {
  const std::string token = signed_claims(test_claims());
  const int64_t end = kTestNow + kMaxTokenLifetimeSeconds;
  EXPECT_EQ(verify_error(token, {kTestNow - 60}), "");
  EXPECT_EQ(verify_error(token, {kTestNow - 61}), "auth.token-early");
  EXPECT_EQ(verify_error(token, {end - 1}), "");
  EXPECT_EQ(verify_error(token, {end}), "auth.token-expired");
  EXPECT_EQ(verify_error(token, {INT64_MAX}), "auth.token-expired");
  EXPECT_EQ(verify_error(token, {INT64_MIN}), "auth.token-early");
  const auto parsed = parse_account_token(token);
  EXPECT_EQ(verify_account_token(*parsed, issuers({7}), proven(test_key()), {end}).error().code,
            Code::kStale);
}

TEST(AccountTokenVerify, LivesAtMostFifteenMinutes) {
  AccountClaims claims = test_claims();
  claims.expires.seconds += 1;
  EXPECT_EQ(verify_error(signed_claims(claims)), "auth.token-lifetime");
  claims.expires = claims.issued;
  EXPECT_EQ(verify_error(signed_claims(claims), {kTestNow - 1}), "auth.token-lifetime");
  claims.expires.seconds -= 1;
  EXPECT_EQ(verify_error(signed_claims(claims), {kTestNow - 2}), "auth.token-lifetime");
}

TEST(AccountTokenVerify, IsWorthNothingWithAnotherKey) {
  const std::string token = signed_claims(test_claims());
  EXPECT_EQ(verify_error(token, {kTestNow}, issuers({7}), test_key(true)), "auth.token-key");
  AccountClaims others = test_claims();
  others.key = test_key(true).public_key();
  EXPECT_EQ(verify_error(signed_claims(others)), "auth.token-key");
}

TEST(TokenIssuer, IsAP256KeyOnItsCurve) {
  const std::string good = to_base64(test_issuer().spki());
  EXPECT_EQ(parse_token_issuer(good)->spki, test_issuer().spki());
  EXPECT_EQ(parse_token_issuer(good)->key_id, to_base64url(sha256(test_issuer().spki())));
  Bytes off_curve = test_issuer().spki();
  off_curve.back() ^= 1;
  for (const std::string& bad :
       {std::string(), good.substr(4), good + "AAAA", good.substr(0, good.size() - 4),
        to_base64(off_curve), to_base64url(test_issuer().spki())})
    EXPECT_EQ(name_of_error(parse_token_issuer(bad)), "auth.issuer-key") << bad;
}

}  // namespace
}  // namespace blindai
