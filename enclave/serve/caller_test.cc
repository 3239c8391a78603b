#include "enclave/serve/caller.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

class NoStore final : public OwnerStore {
 public:
  Status put(const PublicKey& /*root*/, BytesView /*record*/) override { return {}; }
};

// The caller of requests on one connection, whose exporter is test_exporter().
class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    config.token_issuers = {token_issuer(test_issuer().spki()).value()};
    config.limits.accounts.predictions_per_minute = 100;
    config.limits.accounts.models_per_account = 2;
  }
  std::string proof(const ApiKey& key = test_key()) {
    return make_connection_proof(key, test_exporter());
  }
  Outcome<std::shared_ptr<const Caller>> ask(HttpFields fields) {
    HttpHead head;
    head.fields = std::move(fields);
    if (!desk.has_value()) desk.emplace(config, owners, admission, [this] { return Time{now}; });
    return desk->identify(head, note, [this]() -> Result<AuthExporter> {
      ++exports;
      return test_exporter();
    });
  }
  std::string refusal(HttpFields fields) {
    const auto caller = ask(std::move(fields));
    return caller.has_value() ? "" : std::string(caller.error().name());
  }

  MeasuredConfig config;
  Metrics metrics;
  NoStore store;
  OwnerBook owners{store, 10};
  Admission admission{config.limits, {}, metrics, RateBucket::Clock::now()};
  std::optional<CallerDesk> desk;
  CallerNote note{RateBucket::Clock::now()};
  int64_t now = kTestNow;
  int exports = 0;
};

TEST_F(CallerTest, IsAnonymousWithoutHeaders) {
  const auto caller = ask({}).value();
  EXPECT_FALSE(caller->key.has_value());
  EXPECT_TRUE(caller->usage.empty());
  EXPECT_EQ(caller->use, nullptr);
  EXPECT_EQ(caller->limits, config.limits.accounts);
}

TEST_F(CallerTest, IsAKeysHolder) {
  const auto caller = ask({{"authorization", proof()}}).value();
  EXPECT_EQ(caller->key, test_key().public_key());
  EXPECT_EQ(caller->root, test_key().public_key());
  EXPECT_FALSE(caller->listed);
  EXPECT_TRUE(caller->usage.empty());  // a key alone makes no account
}

TEST_F(CallerTest, IsAListedOwnerByAnyOfItsKeys) {
  config.owners = {test_key().public_key()};
  ASSERT_TRUE(
      owners
          .endorse(
              verify_endorsement(make_endorsement(test_key(true), test_key().public_key())).value(),
              test_key().public_key())
          .has_value());
  const auto caller = ask({{"authorization", proof(test_key(true))}}).value();
  EXPECT_EQ(caller->key, test_key(true).public_key());
  EXPECT_EQ(caller->root, test_key().public_key());
  EXPECT_TRUE(caller->listed);
  const auto root = ask({{"authorization", proof()}}).value();
  EXPECT_EQ(root->use, caller->use);
  EXPECT_NE(root->use, nullptr);
}

TEST_F(CallerTest, HasItsTokensAccountAndTheStricterLimits) {
  const std::string token = sign_account_token(test_claims(), test_issuer());
  const auto caller = ask({{"authorization", proof()}, {"blindai-account", token}}).value();
  ASSERT_TRUE(caller->account.has_value());
  EXPECT_EQ(caller->account->account, "acct-7");
  EXPECT_EQ(caller->usage, "account acct-7");
  EXPECT_EQ(caller->limits.models_per_account, 2u);  // of 3 and 2
  EXPECT_EQ(caller->limits.retention_days, 30u);
  EXPECT_EQ(caller->limits.predictions_per_minute, 100u);
}

TEST_F(CallerTest, IsVerifiedOncePerConnection) {
  const std::string token = sign_account_token(test_claims(), test_issuer());
  const HttpFields fields = {{"authorization", proof()}, {"blindai-account", token}};
  const auto first = ask(fields).value();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(fields).value(), first);
  EXPECT_EQ(exports, 1);
  // A fresh token for the same proof: the signature of the connection is not checked again.
  AccountClaims renewed = test_claims();
  renewed.issued = {kTestNow + 1};
  const std::string next = sign_account_token(renewed, test_issuer());
  now = kTestNow + 1;
  EXPECT_NE(ask({{"authorization", proof()}, {"blindai-account", next}}).value(), first);
  EXPECT_EQ(exports, 1);
  EXPECT_EQ(ask({{"authorization", proof(test_key(true))}}).value()->key,
            test_key(true).public_key());
  EXPECT_EQ(exports, 2);
}

TEST_F(CallerTest, AVerifiedConnectionsOtherRequestsAreNotItsCallers) {
  ASSERT_TRUE(ask({{"authorization", proof()}}).has_value());
  EXPECT_FALSE(ask({}).value()->key.has_value());
  std::string changed = proof();
  changed.back() = changed.back() == 'A' ? 'Q' : 'A';
  EXPECT_EQ(refusal({{"authorization", changed}}), "auth.proof");
  EXPECT_EQ(refusal({{"authorization", changed}}), "auth.proof");
}

TEST_F(CallerTest, StopsWhenItsTokenEndsOrItsKeyIsRetired) {
  const std::string token = sign_account_token(test_claims(), test_issuer());
  const HttpFields fields = {{"authorization", proof()}, {"blindai-account", token}};
  ASSERT_TRUE(ask(fields).has_value());
  now = kTestNow + kMaxTokenLifetimeSeconds - 1;
  EXPECT_TRUE(ask(fields).has_value());
  now = kTestNow + kMaxTokenLifetimeSeconds;
  EXPECT_EQ(refusal(fields), "auth.token-expired");
  now = kTestNow;
  EXPECT_TRUE(ask(fields).has_value());
  const PublicKey root = test_key().public_key();
  ASSERT_TRUE(
      owners.endorse(verify_endorsement(make_endorsement(test_key(true), root)).value(), root)
          .has_value());
  ASSERT_TRUE(ask(fields).has_value());
  ASSERT_TRUE(owners.retire(root, test_key(true).public_key()).has_value());
  EXPECT_EQ(refusal(fields), "auth.key-retired");
  EXPECT_EQ(refusal({{"authorization", proof()}}), "auth.key-retired");
}

TEST_F(CallerTest, RefusesWhatDoesNotHold) {
  const std::string token = sign_account_token(test_claims(), test_issuer());
  AuthExporter elsewhere = test_exporter();
  elsewhere[0] ^= 1;
  const std::string relayed = make_connection_proof(test_key(), elsewhere);
  AccountClaims others = test_claims();
  others.key = test_key(true).public_key();
  const std::pair<HttpFields, const char*> cases[] = {
      {{{"blindai-account", token}}, "auth.account-without-key"},
      {{{"authorization", "Bearer abc"}}, "auth.scheme"},
      {{{"authorization", ""}}, "auth.scheme"},
      {{{"authorization", "BlindAI-Key "}}, "auth.proof-layout"},
      {{{"authorization", relayed}}, "auth.proof"},
      {{{"authorization", proof()}, {"authorization", proof()}}, "auth.repeated"},
      {{{"authorization", proof()}, {"blindai-account", token}, {"blindai-account", token}},
       "auth.repeated"},
      {{{"authorization", proof()}, {"blindai-account", "a.b.c"}}, "auth.token-layout"},
      {{{"authorization", proof()}, {"blindai-account", std::string(5000, 'a')}},
       "auth.token-size"},
      {{{"authorization", proof()}, {"blindai-account", sign_account_token(others, test_issuer())}},
       "auth.token-key"},
      {{{"authorization", proof()},
        {"blindai-account", sign_account_token(test_claims(), test_issuer(8))}},
       "auth.token-issuer"},
  };
  for (const auto& [fields, name] : cases) EXPECT_EQ(refusal(fields), name);
  config.token_issuers.clear();
  EXPECT_EQ(refusal({{"authorization", proof()}, {"blindai-account", token}}), "auth.token-issuer");
  EXPECT_TRUE(ask({{"authorization", proof()}}).has_value());
}

// An empty token header is not the absence of one; but it says nothing either.
TEST_F(CallerTest, TakesAnEmptyTokenForNone) {
  EXPECT_FALSE(ask({{"authorization", proof()}, {"blindai-account", ""}}).value()->account);
}

}  // namespace
}  // namespace blindai
