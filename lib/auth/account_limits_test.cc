#include "lib/auth/account_limits.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(AccountLimits, EveryFieldHasOneName) {
  AccountLimits all;
  uint64_t value = 1;
  for (const LimitField& field : limit_fields()) all.*field.value = value++;
  EXPECT_EQ(all.models_per_account, 1u);
  EXPECT_EQ(all.bytes_per_model, 2u);
  EXPECT_EQ(all.bytes_per_account, 3u);
  EXPECT_EQ(all.predictions_per_minute, 4u);
  EXPECT_EQ(all.concurrent_predictions, 5u);
  EXPECT_EQ(all.retention_days, 6u);
}

TEST(AccountLimits, TheLowerOfTwoCountsAndOneAloneDoes) {
  AccountLimits a;
  AccountLimits b;
  a.models_per_account = 5;
  b.models_per_account = 3;
  a.bytes_per_model = 7;
  b.predictions_per_minute = 0;
  a.predictions_per_minute = 9;
  const AccountLimits both = stricter(a, b);
  EXPECT_EQ(both, stricter(b, a));
  EXPECT_EQ(both.models_per_account, 3u);
  EXPECT_EQ(both.bytes_per_model, 7u);
  EXPECT_EQ(both.predictions_per_minute, 0u);
  EXPECT_FALSE(both.concurrent_predictions.has_value());
}

TEST(AccountLimits, KeepingForGoodIsTheLeastStrictRetention) {
  AccountLimits a;
  AccountLimits b;
  a.retention_days = 0;
  EXPECT_EQ(stricter(a, b).retention_days, 0u);
  b.retention_days = 30;
  EXPECT_EQ(stricter(a, b).retention_days, 30u);
  EXPECT_EQ(stricter(b, a).retention_days, 30u);
  a.retention_days = 7;
  EXPECT_EQ(stricter(a, b).retention_days, 7u);
}

}  // namespace
}  // namespace blindai
