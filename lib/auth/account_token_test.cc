#include "lib/auth/account_token.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

constexpr std::string_view kHeader = R"({"alg":"ES256","typ":"JWT"})";

std::string claims_json() {
  return R"({"iss":"https://accounts.example","sub":"acct-7","handle":"alice","iat":1800000000,)"
         R"("exp":1800000900,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":")" +
         to_base64url(test_key().public_key().bytes) +
         R"("}},"limits":{"models_per_account":3,"retention_days":30}})";
}

std::string header_error(std::string_view header) {
  return name_of_error(parse_account_token(token_of(header, claims_json())));
}
std::string claims_error(std::string_view claims) {
  return name_of_error(parse_account_token(token_of(kHeader, claims)));
}
// Of the claims with one piece of text replaced.
std::string with(std::string_view from, std::string_view to) {
  return claims_error(replaced(claims_json(), from, to));
}

TEST(AccountToken, IsReadAsItWasSigned) {
  const auto token = parse_account_token(sign_account_token(test_claims(), test_issuer()));
  ASSERT_TRUE(token.has_value()) << token.error().name();
  EXPECT_EQ(token->claims, test_claims());
  EXPECT_EQ(token->key_id, token_issuer(test_issuer().spki())->key_id);
  const auto without_kid = parse_account_token(token_of(kHeader, claims_json()));
  ASSERT_TRUE(without_kid.has_value()) << without_kid.error().name();
  EXPECT_EQ(without_kid->claims, test_claims());
  EXPECT_FALSE(without_kid->key_id.has_value());
}

TEST(AccountToken, LimitsAreOptionalOneByOneAndTogether) {
  EXPECT_EQ(with(R"(,"limits":{"models_per_account":3,"retention_days":30})", ""), "");
  EXPECT_EQ(with(R"({"models_per_account":3,"retention_days":30})", "{}"), "");
  for (const LimitField& field : limit_fields()) {
    const std::string name = "\"" + std::string(field.name) + "\":";
    const std::string most = std::to_string(field.max);
    const auto limits = [&](const std::string& value) {
      return with(R"("models_per_account":3,"retention_days":30)", name + value);
    };
    EXPECT_EQ(limits(most), "") << field.name;
    EXPECT_EQ(limits("0"), "") << field.name;
    for (const std::string& bad :
         {std::to_string(field.max + 1), std::string("-1"), std::string("1.0"), std::string("1e3"),
          std::string("\"1\""), std::string("null"), std::string("18446744073709551616")})
      EXPECT_EQ(limits(bad), "auth.token-limits") << field.name << bad;
  }
  EXPECT_EQ(with("models_per_account", "models"), "auth.token-limits");
  EXPECT_EQ(with(R"({"models_per_account":3,"retention_days":30})", "[]"), "auth.token-limits");
  EXPECT_EQ(with("retention_days", "models_per_account"), "json.duplicate-key");
}

TEST(AccountToken, HeaderIsExact) {
  EXPECT_EQ(header_error(R"({"typ":"JWT","alg":"ES256"})"), "");
  EXPECT_EQ(header_error(R"({"alg":"ES256","typ":"JWT","kid":"k"})"), "");
  for (const char* alg : {"none", "HS256", "ES384", "RS256", "EdDSA", "es256", ""})
    EXPECT_EQ(header_error(replaced(std::string(kHeader), "ES256", alg)), "auth.token-algorithm");
  EXPECT_EQ(header_error(R"({"typ":"JWT"})"), "auth.token-algorithm");
  EXPECT_EQ(header_error(R"({"alg":["ES256"],"typ":"JWT"})"), "auth.token-algorithm");
  for (const char* bad :
       {R"({"alg":"ES256"})", R"({"alg":"ES256","typ":"jwt"})", R"({"alg":"ES256","typ":"at+jwt"})",
        R"({"alg":"ES256","typ":"JWT","crit":["exp"]})", R"({"alg":"ES256","typ":"JWT","kid":1})",
        R"({"alg":"ES256","typ":"JWT","jwk":{}})", R"({"alg":"ES256","typ":"JWT","cty":"JWT"})",
        R"(["alg"])", "1"})
    EXPECT_EQ(header_error(bad), "auth.token-header") << bad;
  EXPECT_EQ(header_error(R"({"alg":"none","alg":"ES256","typ":"JWT"})"), "json.duplicate-key");
  EXPECT_EQ(header_error(R"({"alg":"ES256","typ":"JWT"} )" + std::string("x")), "json.trailing");
  EXPECT_EQ(header_error(R"({"alg":"ES256","typ":"JWT","kid":")" + std::string(256, 'k') + "\"}"),
            "auth.token-header");
}

TEST(AccountToken, EveryClaimIsNeededAndNoOtherIsTaken) {
  for (const char* member :
       {R"("iss":"https://accounts.example",)", R"("sub":"acct-7",)", R"("handle":"alice",)",
        R"("iat":1800000000,)", R"("exp":1800000900,)"})
    EXPECT_EQ(with(member, ""), "auth.token-claims") << member;
  EXPECT_EQ(with("\"cnf\"", "\"cnf2\""), "auth.token-claims");
  EXPECT_EQ(with("{\"iss\"", R"({"aud":"x","iss")"), "auth.token-claims");
  EXPECT_EQ(with("{\"iss\"", R"({"nbf":1,"iss")"), "auth.token-claims");
  EXPECT_EQ(with("{\"iss\"", R"({"iss":"x","iss")"), "json.duplicate-key");
  EXPECT_EQ(with("{\"iss\"", R"({"\u0069ss":"x","iss")"), "json.duplicate-key");
  for (const char* bad : {"[]", "1", "null"}) EXPECT_EQ(claims_error(bad), "auth.token-claims");
}

TEST(AccountToken, ClaimsOfAnotherTypeOrRangeAreRefused) {
  for (const char* bad : {"\"\"", "1", "null", "\"a b\"", "\"a\\nb\"", "\"\xc3\xa9\""}) {
    EXPECT_EQ(with("\"acct-7\"", bad), "auth.token-claims") << bad;
    EXPECT_EQ(with("\"https://accounts.example\"", bad), "auth.token-claims") << bad;
  }
  EXPECT_EQ(with("acct-7", std::string(255, 'a')), "");
  EXPECT_EQ(with("acct-7", std::string(256, 'a')), "auth.token-claims");
  for (const char* bad : {"-1", "1.5", "1e9", "\"1800000000\"", "253402300800", "null"}) {
    EXPECT_EQ(with("1800000000", bad), "auth.token-claims") << bad;
    EXPECT_EQ(with("1800000900", bad), "auth.token-claims") << bad;
  }
}

TEST(AccountToken, HandleIsOneSegmentOfAnId) {
  EXPECT_EQ(with("alice", "a.b-c_9"), "");
  for (const std::string& bad :
       {std::string("a/b"), std::string("/"), std::string(), std::string("a..b"),
        std::string("infer"), std::string(".a"), std::string("\xd0\xb0lice"), std::string(64, 'a')})
    EXPECT_EQ(with("alice", bad), "auth.token-handle") << bad;
  EXPECT_EQ(with("\"alice\"", "7"), "auth.token-handle");
}

TEST(AccountToken, ConfirmationIsExactlyOneEd25519Key) {
  const std::string x = to_base64url(test_key().public_key().bytes);
  const std::string neutral = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  for (const auto& [from, to] : std::initializer_list<std::pair<std::string, std::string>>{
           {"OKP", "EC"},
           {"Ed25519", "X25519"},
           {x, x + "="},
           {x, x.substr(1)},
           {x, x + "AA"},
           {x, neutral},
           {"\"kty\"", "\"d\":\"\",\"kty\""},
           {"{\"jwk\"", "{\"kid\":\"a\",\"jwk\""},
           {"\"jwk\"", "\"jwe\""},
           {"\"x\":\"" + x + "\"", "\"x\":1"},
           {"\"crv\":\"Ed25519\",", ""}})
    EXPECT_EQ(with(from, to), "auth.token-confirmation") << from << " " << to;
  EXPECT_EQ(with("\"kty\":\"OKP\"", R"("kty":"OKP","kty":"OKP")"), "json.duplicate-key");
}

TEST(AccountToken, CutAtAnyLengthIsRefused) {
  const std::string good = sign_account_token(test_claims(), test_issuer());
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(name_of_error(parse_account_token(good.substr(0, length))), "") << length;
  const size_t last = good.rfind('.');
  for (const std::string& bad :
       {good + "A", good + "=", good + ".", "." + good, good.substr(0, last),
        good.substr(0, last + 1), good + "AA", std::string("..")})
    EXPECT_NE(name_of_error(parse_account_token(bad)), "") << bad;
  EXPECT_EQ(name_of_error(parse_account_token(good + "AAAA")), "auth.token-layout");
  EXPECT_EQ(name_of_error(parse_account_token(good.substr(0, last))), "auth.token-layout");
  EXPECT_EQ(name_of_error(parse_account_token(good + "=")), "auth.token-layout");
}

TEST(AccountToken, SizeIsLimitedBeforeAnythingIsRead) {
  EXPECT_EQ(name_of_error(parse_account_token(std::string(kMaxAccountToken + 1, 'a'))),
            "auth.token-size");
  EXPECT_EQ(name_of_error(parse_account_token(std::string(kMaxAccountToken, 'a'))),
            "auth.token-layout");
}

}  // namespace
}  // namespace blindai
