// Retention, and what Tenancy keeps over a restart, over a real vault in memory.
#include "enclave/serve/retention.h"

#include "enclave/serve/tenancy.h"
#include "enclave/vault/vault_fixture.h"
#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

constexpr int64_t kDay = 24 * 3600;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() { open(); }
  void open() {
    tenancy.reset();
    store.open();
    tenancy = std::make_unique<Tenancy>(config, HostLimits(), *store.vault, metrics,
                                        [this] { return now; });
    tenancy->load([this](std::string_view kind, const Error& error) {
      reported.push_back(std::string(kind) + " " + std::string(error.name()));
    });
  }
  std::shared_ptr<const ModelRecord> put(std::string id, bool owned) {
    UploadTerms options;
    if (owned) options.owner = ModelOwner{.key = test_key().public_key().bytes, .account = "a"};
    return vault_fixture::put(*store.vault, id, vault_fixture::model_bytes(1), options).value();
  }
  // In days from now until the model may go; -1: never.
  double days_left(const ModelRecord& record) {
    const auto end = tenancy->retention.end_of(record);
    return end.has_value() ? static_cast<double>(end->seconds - now.seconds) / kDay : -1;
  }

  vault_fixture::Store store;
  MeasuredConfig config;
  Metrics metrics;
  Time now{1'700'000'000};  // when vault_fixture's models were made
  std::unique_ptr<Tenancy> tenancy;
  std::vector<std::string> reported;
};

TEST_F(RetentionTest, MattersOnceAPlanOrTheConfigurationSaysDays) {
  EXPECT_FALSE(tenancy->retention.matters());
  ASSERT_TRUE(tenancy->owners.remember_retention(test_key().public_key(), 0).has_value());
  EXPECT_FALSE(tenancy->retention.matters());
  ASSERT_TRUE(tenancy->owners.remember_retention(test_key().public_key(), 3).has_value());
  EXPECT_TRUE(tenancy->retention.matters());
  ASSERT_TRUE(tenancy->owners.remember_retention(test_key().public_key(), 0).has_value());
  config.limits.accounts.retention_days = 5;
  EXPECT_TRUE(tenancy->retention.matters());
}

TEST_F(RetentionTest, IsOffByDefault) {
  const auto record = put("m", true);
  EXPECT_EQ(days_left(*record), -1);
  now = now + 10'000 * kDay;
  EXPECT_FALSE(tenancy->retention.has_ended(*record, now));
  EXPECT_EQ(tenancy->retention.warning(*record, now), std::nullopt);
}

TEST_F(RetentionTest, CountsFromTheLastUseAndWarnsInTheLastDays) {
  config.limits.accounts.retention_days = 30;
  const auto record = put("m", false);
  EXPECT_EQ(days_left(*record), 30);
  const Time end = now + 30 * kDay;
  EXPECT_EQ(tenancy->retention.warning(*record, end + (-7 * kDay - 1)), std::nullopt);
  EXPECT_EQ(tenancy->retention.warning(*record, end + -7 * kDay), to_rfc3339(end));
  EXPECT_FALSE(tenancy->retention.has_ended(*record, end + -1));
  EXPECT_TRUE(tenancy->retention.has_ended(*record, end));
  tenancy->uses.used("m", end + -1);
  EXPECT_FALSE(tenancy->retention.has_ended(*record, end));
  EXPECT_EQ(tenancy->retention.warning(*record, end), std::nullopt);
  EXPECT_TRUE(tenancy->retention.has_ended(*record, end + (30 * kDay - 1)));
}

TEST_F(RetentionTest, WarnsForHalfOfAShortTime) {
  config.limits.accounts.retention_days = 2;
  const auto record = put("m", false);
  EXPECT_EQ(tenancy->retention.warning(*record, now + (kDay - 1)), std::nullopt);
  EXPECT_TRUE(tenancy->retention.warning(*record, now + kDay).has_value());
}

TEST_F(RetentionTest, IsTheShorterOfPlanAndConfiguration) {
  const PublicKey owner = test_key().public_key();
  const auto owned = put("m", true);
  const auto nobodys = put("n", false);
  ASSERT_TRUE(tenancy->owners.remember_retention(owner, 10).has_value());
  EXPECT_EQ(days_left(*owned), 10);
  EXPECT_EQ(days_left(*nobodys), -1);
  config.limits.accounts.retention_days = 30;
  EXPECT_EQ(days_left(*owned), 10);
  EXPECT_EQ(days_left(*nobodys), 30);
  ASSERT_TRUE(tenancy->owners.remember_retention(owner, 90).has_value());
  EXPECT_EQ(days_left(*owned), 30);
  ASSERT_TRUE(tenancy->owners.remember_retention(owner, 0).has_value());
  EXPECT_EQ(days_left(*owned), 30);
  config.limits.accounts.retention_days = 0;
  EXPECT_EQ(days_left(*owned), -1);
}

TEST_F(RetentionTest, SparesModelsOfTheConfiguration) {
  config.limits.accounts.retention_days = 1;
  config.models = {{.id = "m", .sha256 = {}, .file = "m", .is_private = false, .callers = {}}};
  EXPECT_EQ(days_left(*put("m", false)), -1);
}

TEST_F(RetentionTest, RestartsFromWhatWasWrittenOrFromNow) {
  config.limits.accounts.retention_days = 30;
  const auto kept = put("kept", false);
  const auto lost = put("lost", false);
  now = now + 20 * kDay;
  tenancy->uses.used("kept", now);
  ASSERT_TRUE(tenancy->keep_uses(tenancy->uses.take_changed()).has_value());
  now = now + 5 * kDay;
  open();
  EXPECT_TRUE(reported.empty());
  EXPECT_EQ(days_left(*kept), 25);
  EXPECT_EQ(days_left(*lost), 30);  // nothing is known of it: no model goes too early
}

TEST_F(RetentionTest, OwnersAreKeptOverARestart) {
  const PublicKey root = test_key().public_key();
  const PublicKey second = test_key(true).public_key();
  ASSERT_TRUE(tenancy->owners
                  .endorse(verify_endorsement(make_endorsement(test_key(true), root)).value(), root)
                  .has_value());
  ASSERT_TRUE(tenancy->owners.retire(root, second).has_value());
  ASSERT_TRUE(tenancy->owners.remember_retention(root, 12).has_value());
  open();
  EXPECT_TRUE(reported.empty());
  EXPECT_TRUE(tenancy->owners.standing(root).retired);
  EXPECT_EQ(tenancy->owners.standing(second).root, root);
  EXPECT_EQ(tenancy->owners.retention_of(root), 12u);
}

TEST_F(RetentionTest, RecordsThatCannotBeReadAreReportedWithoutWhoseTheyAre) {
  ASSERT_TRUE(store.vault->put_record("owner/00", as_bytes("nonsense")).has_value());
  ASSERT_TRUE(store.vault->put_record("usage/0", as_bytes("nonsense")).has_value());
  open();
  EXPECT_EQ(reported,
            (std::vector<std::string>{"owner/ auth.owner-record", "usage/ serve.use-record"}));
}

}  // namespace
}  // namespace blindai
