#include "enclave/serve/quota.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

class QuotaTest : public testing::Test {
 protected:
  void store(std::string id, std::string account, uint64_t bytes) {
    models.push_back({std::move(id), std::move(account), bytes});
    if (quota_.has_value()) quota_->stored_changed();
  }
  UploadQuota& quota() {
    if (!quota_.has_value())
      quota_.emplace(config, metrics, [this](const UploadQuota::Visitor& visit) {
        ++scans;
        for (const Kept& model : models)
          visit({.id = model.id, .account = model.account, .bytes = model.bytes});
      });
    return *quota_;
  }
  Outcome<std::unique_ptr<UploadQuota::Room>> begin(std::string id, std::optional<uint64_t> length,
                                                    std::string account = "a") {
    return quota().begin({.id = std::move(id),
                          .account = std::move(account),
                          .owner = {},
                          .limits = limits,
                          .length = length});
  }
  // The refusal's name; its sentence has to tell the limit with its value.
  std::string refusal(const auto& outcome, Code code, const std::string& limit) {
    if (outcome.has_value()) return "allowed";
    EXPECT_EQ(outcome.error().code, code);
    EXPECT_TRUE(outcome.error().sentence.contains("(" + limit + ")")) << outcome.error().sentence;
    return std::string(outcome.error().name());
  }

  struct Kept {
    std::string id;
    std::string account;
    uint64_t bytes;
  };
  std::vector<Kept> models;
  MeasuredConfig config;
  AccountLimits limits;
  Metrics metrics;
  int scans = 0;

 private:
  std::optional<UploadQuota> quota_;
};

TEST_F(QuotaTest, CountsModelsOfTheAccount) {
  limits.models_per_account = 2;
  store("one", "a", 1);
  store("other", "b", 1);
  store("another", "b", 1);
  auto second = begin("two", 1);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(refusal(begin("three", 1), Code::kDenied, "models_per_account = 2"),
            "limit.models-per-account");
  // Replacing adds none, also while the replacement is on its way.
  EXPECT_TRUE(begin("one", 1).has_value());
  EXPECT_TRUE(begin("two", 1, "c").has_value());
  second->reset();
  EXPECT_TRUE(begin("three", 1).has_value());
}

TEST_F(QuotaTest, CountsModelsOfAll) {
  config.max_models = 2;
  store("one", "a", 1);
  auto second = begin("two", 1);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(refusal(begin("three", 1, "b"), Code::kNoSpace, "max_models = 2"), "vault.num-models");
  EXPECT_TRUE(begin("one", 1).has_value());
}

TEST_F(QuotaTest, KnowsASizeBeforehandAndAsItGrows) {
  config.max_model_bytes = 100;
  EXPECT_TRUE(begin("m", 100).has_value());
  EXPECT_EQ(refusal(begin("m", 101), Code::kTooLarge, "max_model_bytes = 100"), "vault.model-size");
  limits.bytes_per_model = 50;
  EXPECT_TRUE(begin("m", 50).has_value());
  EXPECT_EQ(refusal(begin("m", 51), Code::kTooLarge, "bytes_per_model = 50"),
            "limit.bytes-per-model");
  auto growing = begin("m", std::nullopt);
  ASSERT_TRUE(growing.has_value());
  EXPECT_TRUE((*growing)->grow_to(50).has_value());
  EXPECT_EQ(refusal((*growing)->grow_to(51), Code::kTooLarge, "bytes_per_model = 50"),
            "limit.bytes-per-model");
}

TEST_F(QuotaTest, CountsBytesOfTheAccount) {
  limits.bytes_per_account = 100;
  store("one", "a", 60);
  store("other", "b", 1000);
  EXPECT_TRUE(begin("two", 40).has_value());
  EXPECT_EQ(refusal(begin("two", 41), Code::kDenied, "bytes_per_account = 100"),
            "limit.bytes-per-account");
  EXPECT_EQ(refusal(begin("two", UINT64_MAX >> 33), Code::kDenied, "bytes_per_account = 100"),
            "limit.bytes-per-account");
  // What is replaced does not count beside its replacement.
  EXPECT_TRUE(begin("one", 100).has_value());
  auto growing = begin("two", std::nullopt);
  ASSERT_TRUE((*growing)->grow_to(40).has_value());
  EXPECT_EQ(refusal((*growing)->grow_to(41), Code::kDenied, "bytes_per_account = 100"),
            "limit.bytes-per-account");
}

TEST_F(QuotaTest, UploadsCannotPassALimitTogether) {
  limits.bytes_per_account = 100;
  auto first = begin("one", 60);
  auto second = begin("two", std::nullopt);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_TRUE((*second)->grow_to(40).has_value());
  EXPECT_FALSE((*second)->grow_to(41).has_value());
  first->reset();
  EXPECT_TRUE((*second)->grow_to(100).has_value());
  EXPECT_FALSE(begin("three", 1).has_value());
  // It becomes a stored model: the same bytes, counted once.
  store("two", "a", 100);
  EXPECT_TRUE((*second)->grow_to(100).has_value());
  second->reset();
  EXPECT_FALSE(begin("three", 1).has_value());
  models.clear();
  quota().stored_changed();
  EXPECT_TRUE(begin("three", 100).has_value());
}

TEST_F(QuotaTest, ASmallerReplacementKeepsTheRoomOfWhatItReplaces) {
  limits.bytes_per_account = 100;
  store("one", "a", 90);
  auto smaller = begin("one", 10);
  ASSERT_TRUE(smaller.has_value());
  EXPECT_TRUE(begin("two", 10).has_value());
  EXPECT_FALSE(begin("two", 11).has_value());  // or both were over if "one" stays as it is
}

TEST_F(QuotaTest, CountsBytesOfAll) {
  config.limits.total_bytes = 100;
  store("one", "a", 60);
  EXPECT_TRUE(begin("two", 40, "b").has_value());
  EXPECT_EQ(refusal(begin("two", 41, "b"), Code::kNoSpace, "total_bytes = 100"),
            "limit.total-bytes");
  auto growing = begin("two", std::nullopt, "b");
  EXPECT_TRUE((*growing)->grow_to(40).has_value());
  EXPECT_FALSE((*growing)->grow_to(41).has_value());
}

TEST_F(QuotaTest, CountsTheStoreOnlyWhenItChanged) {
  for (int i = 0; i < 100; ++i) store("m" + std::to_string(i), "a", 1);
  auto growing = begin("n", std::nullopt);
  const int before = scans;
  for (uint64_t n = 1; n < 1000; ++n) ASSERT_TRUE((*growing)->grow_to(n).has_value());
  EXPECT_LE(scans, before + 1);
}

TEST_F(QuotaTest, KnowsWhatIsOnItsWay) {
  const auto named = [](std::string_view id) {
    return [id](const UploadQuota::Request& request) { return request.id == id; };
  };
  EXPECT_FALSE(quota().is_uploading(named("m")));
  auto room = begin("m", 1);
  EXPECT_TRUE(quota().is_uploading(named("m")));
  EXPECT_FALSE(quota().is_uploading(named("n")));
  room->reset();
  EXPECT_FALSE(quota().is_uploading(named("m")));
}

TEST_F(QuotaTest, RefusalsAreCounted) {
  limits.models_per_account = 0;
  EXPECT_FALSE(begin("m", 1).has_value());
  EXPECT_TRUE(
      metrics.text({}).contains("blindai_limit_refusals_total{limit=\"models_per_account\"} 1\n"));
}

}  // namespace
}  // namespace blindai
