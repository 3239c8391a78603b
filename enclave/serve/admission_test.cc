#include "enclave/serve/admission.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Admission::Now kStart{seconds(1'000'000)};

class AdmissionTest : public testing::Test {
 protected:
  Admission& admission() {
    if (!admission_.has_value()) admission_.emplace(limits, host, metrics, kStart);
    return *admission_;
  }
  double refusals(const std::string& limit) {
    const std::string text = metrics.text({});
    const std::string series = "blindai_limit_refusals_total{limit=\"" + limit + "\"} ";
    return std::stod(text.substr(text.find(series) + series.size()));
  }

  ConfiguredLimits limits;
  HostLimits host{.bytes = 100, .account_bytes = 60};
  Metrics metrics;

 private:
  std::optional<Admission> admission_;
};

TEST_F(AdmissionTest, WithoutLimitsEverythingRuns) {
  const auto use = admission().use_of("a", kStart);
  RateBucket connection(kStart);
  std::vector<PredictionPass> running;
  for (int i = 0; i < 1000; ++i) {
    auto one = admission().admit(use, {}, kStart);
    auto other = admission().admit_anonymous(connection, {}, kStart);
    ASSERT_TRUE(one.has_value() && other.has_value());
    running.push_back(std::move(*one));
    running.push_back(std::move(*other));
  }
  EXPECT_EQ(use->running, 1000u);
  running.clear();
  EXPECT_EQ(use->running, 0u);
}

TEST_F(AdmissionTest, TheLastAllowedPerMinuteRunsAndTheNextIsToldWhen) {
  const AccountLimits three{.predictions_per_minute = 3};
  const auto use = admission().use_of("a", kStart);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admission().admit(use, three, kStart).has_value());
  const auto refused = admission().admit(use, three, kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().problem.name(), "limit.predictions-per-minute");
  EXPECT_EQ(refused.error().problem.code, Code::kExhausted);
  EXPECT_EQ(refused.error().retry_after, seconds(20));
  EXPECT_TRUE(refused.error().problem.sentence.contains("predictions_per_minute = 3"));
  EXPECT_TRUE(refused.error().problem.sentence.contains("20 s"));
  EXPECT_FALSE(admission().admit(use, three, kStart + seconds(19)).has_value());
  EXPECT_TRUE(admission().admit(use, three, kStart + seconds(20)).has_value());
  EXPECT_EQ(refusals("predictions_per_minute"), 2);
  // The same account from elsewhere, and another account.
  EXPECT_FALSE(
      admission().admit(admission().use_of("a", kStart), three, kStart + seconds(20)).has_value());
  EXPECT_TRUE(
      admission().admit(admission().use_of("b", kStart), three, kStart + seconds(20)).has_value());
}

TEST_F(AdmissionTest, AtMostSoManyRunAtOnce) {
  const AccountLimits two{.concurrent_predictions = 2};
  const auto use = admission().use_of("a", kStart);
  auto first = admission().admit(use, two, kStart);
  auto second = admission().admit(use, two, kStart);
  ASSERT_TRUE(first.has_value() && second.has_value());
  const auto refused = admission().admit(use, two, kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().problem.name(), "limit.concurrent-predictions");
  EXPECT_TRUE(refused.error().problem.sentence.contains("concurrent_predictions = 2"));
  EXPECT_EQ(refused.error().retry_after, seconds(1));
  EXPECT_EQ(refusals("concurrent_predictions"), 1);
  *first = PredictionPass();
  EXPECT_TRUE(admission().admit(use, two, kStart).has_value());
  const AccountLimits none{.concurrent_predictions = 0};
  EXPECT_FALSE(admission().admit(admission().use_of("b", kStart), none, kStart).has_value());
}

TEST_F(AdmissionTest, ARefusedOneTakesNothing) {
  const AccountLimits one{.predictions_per_minute = 1, .concurrent_predictions = 1};
  const auto use = admission().use_of("a", kStart);
  {
    const auto running = admission().admit(use, one, kStart);
    ASSERT_TRUE(running.has_value());
    const auto refused = admission().admit(use, one, kStart + seconds(60));
    EXPECT_EQ(refused.error().problem.name(), "limit.concurrent-predictions");
  }
  EXPECT_TRUE(admission().admit(use, one, kStart + seconds(60)).has_value());
  EXPECT_EQ(use->running, 0u);
}

TEST_F(AdmissionTest, StrangersHaveABucketPerConnectionAndOneInAll) {
  limits.anonymous_predictions_per_minute = 3;
  const AccountLimits two{.predictions_per_minute = 2};
  RateBucket first(kStart);
  RateBucket second(kStart);
  EXPECT_TRUE(admission().admit_anonymous(first, two, kStart).has_value());
  EXPECT_TRUE(admission().admit_anonymous(first, two, kStart).has_value());
  EXPECT_EQ(admission().admit_anonymous(first, two, kStart).error().problem.name(),
            "limit.predictions-per-minute");
  EXPECT_TRUE(admission().admit_anonymous(second, two, kStart).has_value());
  const auto refused = admission().admit_anonymous(second, two, kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().problem.name(), "limit.anonymous-predictions-per-minute");
  EXPECT_TRUE(refused.error().problem.sentence.contains("anonymous_predictions_per_minute = 3"));
  EXPECT_EQ(refused.error().retry_after, seconds(20));
  // What the second did not get, its connection has still: 20 s on, all it waits for is the other.
  EXPECT_TRUE(admission().admit_anonymous(second, two, kStart + seconds(20)).has_value());
  // Accounts are not strangers.
  EXPECT_TRUE(admission().admit(admission().use_of("a", kStart), two, kStart).has_value());
}

TEST_F(AdmissionTest, ForgetsOnlyAccountsThatMakeNoDifference) {
  const AccountLimits one{.predictions_per_minute = 1};
  const auto held = admission().use_of("held", kStart);
  {
    const auto spent = admission().use_of("spent", kStart);
    ASSERT_TRUE(admission().admit(spent, one, kStart).has_value());
  }
  for (int i = 0; i < 5000; ++i) (void)admission().use_of("idle" + std::to_string(i), kStart);
  EXPECT_EQ(admission().use_of("held", kStart), held);
  EXPECT_FALSE(admission().admit(admission().use_of("spent", kStart), one, kStart).has_value());
}

TEST_F(AdmissionTest, BytesAreHeldByAccountAndByAllAndGivenBack) {
  const auto a = admission().use_of("a", kStart);
  const auto b = admission().use_of("b", kStart);
  HeldBytes first = admission().hold(a);
  EXPECT_TRUE(first.add(40).has_value());
  {
    HeldBytes second = admission().hold(a);
    const auto refused = second.add(21);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().name(), "limit.account-bytes");
    EXPECT_EQ(refused.error().code, Code::kExhausted);
    EXPECT_TRUE(second.add(20).has_value());
    HeldBytes other = admission().hold(b);
    const auto full = other.add(41);
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().name(), "server.busy");
    EXPECT_EQ(full.error().code, Code::kUnavailable);
    EXPECT_TRUE(other.add(40).has_value());
    EXPECT_EQ(admission().held_bytes(), 100u);
    // Those without an account are one.
    HeldBytes nobody = admission().hold(nullptr);
    EXPECT_EQ(nobody.add(1).error().name(), "server.busy");
  }
  EXPECT_EQ(admission().held_bytes(), 40u);
  EXPECT_EQ(refusals("bytes_in_flight"), 3);
  HeldBytes moved = std::move(first);
  EXPECT_TRUE(moved.add(20).has_value());
  EXPECT_EQ(moved.add(1).error().name(), "limit.request-bytes");
  moved.add_unasked(7);  // what is there is counted, however much
  EXPECT_EQ(admission().held_bytes(), 67u);
  moved = HeldBytes();
  first = HeldBytes();
  EXPECT_EQ(admission().held_bytes(), 0u);
  EXPECT_EQ(a->bytes, 0u);
  HeldBytes huge = admission().hold(a);
  EXPECT_EQ(huge.add(UINT64_MAX).error().name(), "limit.request-bytes");
}

TEST_F(AdmissionTest, AfterARefusedModelTheNextWaitsManyTimesAsLong) {
  const auto a = admission().use_of("a", kStart);
  EXPECT_EQ(admission().pause_before_model(a, kStart).value(), seconds(0));
  admission().model_refused(a, milliseconds(40), kStart);
  EXPECT_EQ(admission().pause_before_model(a, kStart).value(), seconds(2));
  EXPECT_EQ(admission().pause_before_model(a, kStart + milliseconds(1500)).value(),
            milliseconds(500));
  // Others do not, and it does not for ever.
  EXPECT_EQ(admission().pause_before_model(nullptr, kStart).value(), seconds(0));
  EXPECT_EQ(admission().pause_before_model(admission().use_of("b", kStart), kStart).value(),
            seconds(0));
  EXPECT_EQ(admission().pause_before_model(a, kStart + seconds(2)).value(), seconds(0));
  EXPECT_EQ(admission().pause_before_model(a, kStart + seconds(3)).value(), seconds(0));
}

TEST_F(AdmissionTest, ManyRefusedModelsAreWaitedForTogetherButNotForMoreThanAMinute) {
  // Those without an account together.
  for (int i = 0; i < 5; ++i) admission().model_refused(nullptr, milliseconds(40), kStart);
  EXPECT_EQ(admission().pause_before_model(nullptr, kStart).value(), seconds(10));
  admission().model_refused(nullptr, milliseconds(1), kStart);
  const auto refused = admission().pause_before_model(nullptr, kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().problem.name(), "limit.refused-models");
  EXPECT_EQ(refused.error().problem.code, Code::kExhausted);
  EXPECT_EQ(refused.error().retry_after, seconds(11));  // rounded up
  EXPECT_EQ(refusals("refused_models"), 1);
  for (const auto took : {milliseconds(10'000), milliseconds(INT32_MAX)}) {
    admission().model_refused(nullptr, took, kStart);
    EXPECT_EQ(admission().pause_before_model(nullptr, kStart).error().retry_after, seconds(60));
  }
  EXPECT_EQ(admission().pause_before_model(nullptr, kStart + seconds(50)).value(), seconds(10));
}

TEST_F(AdmissionTest, APauseOutlivesItsAccountsLastConnection) {
  admission().model_refused(admission().use_of("a", kStart), milliseconds(100), kStart);
  for (int i = 0; i < 3000; ++i) admission().use_of(std::to_string(i), kStart + seconds(1));
  EXPECT_EQ(admission().pause_before_model(admission().use_of("a", kStart), kStart).value(),
            seconds(5));
}

TEST_F(AdmissionTest, AHostMayDoWithoutPauses) {
  host.refusal_pause = 0;
  admission().model_refused(nullptr, seconds(60), kStart);
  EXPECT_EQ(admission().pause_before_model(nullptr, kStart).value(), seconds(0));
}

}  // namespace
}  // namespace blindai
