#include "enclave/serve/rate.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using TimePoint = RateBucket::Clock::time_point;

const TimePoint kRateStart{seconds(1'000'000)};

TEST(RateBucket, LetsAWholeMinutesWorthThroughAndThenOneAtATime) {
  for (const uint64_t rate : {1u, 3u, 7u, 60u, 1000u, 999'983u}) {
    RateBucket bucket(kRateStart);
    for (uint64_t i = 0; i < rate; ++i)
      ASSERT_EQ(bucket.take(rate, kRateStart), std::nullopt) << rate << ": " << i;
    const auto wait = bucket.take(rate, kRateStart);
    ASSERT_TRUE(wait.has_value()) << rate;
    EXPECT_LE(*wait, seconds(60)) << rate;
    EXPECT_EQ(bucket.take(rate, kRateStart + *wait - nanoseconds(1)), nanoseconds(1)) << rate;
    EXPECT_EQ(bucket.take(rate, kRateStart + *wait), std::nullopt) << rate;
    EXPECT_NE(bucket.take(rate, kRateStart + *wait), std::nullopt) << rate;
  }
}

TEST(RateBucket, HoldsNoMoreThanAMinutesWorth) {
  RateBucket bucket(kRateStart);
  const TimePoint later = kRateStart + std::chrono::hours(24 * 365 * 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(5, later), std::nullopt);
  EXPECT_EQ(bucket.take(5, later), seconds(12));
  EXPECT_EQ(bucket.take(5, later + seconds(59)), std::nullopt);
}

TEST(RateBucket, GivesNothingForARateOfZero) {
  RateBucket bucket(kRateStart);
  EXPECT_EQ(bucket.take(0, kRateStart), seconds(60));
  EXPECT_EQ(bucket.take(0, kRateStart + std::chrono::hours(1)), seconds(60));
}

TEST(RateBucket, IsNotFooledByAClockThatRunsBackwards) {
  RateBucket bucket(kRateStart);
  EXPECT_EQ(bucket.take(1, kRateStart), std::nullopt);
  EXPECT_EQ(bucket.take(1, kRateStart - seconds(3600)), seconds(60));
  EXPECT_EQ(bucket.take(1, kRateStart + seconds(59)), seconds(1));
}

TEST(RateBucket, FollowsARateThatChanges) {
  RateBucket bucket(kRateStart);
  EXPECT_EQ(bucket.take(2, kRateStart), std::nullopt);  // half a minute is left
  EXPECT_EQ(bucket.take(4, kRateStart), std::nullopt);
  EXPECT_EQ(bucket.take(4, kRateStart), std::nullopt);
  EXPECT_EQ(bucket.take(4, kRateStart), seconds(15));
}

TEST(RateBucket, TakesBackWhatWasNotUsed) {
  RateBucket bucket(kRateStart);
  EXPECT_TRUE(bucket.is_full(kRateStart));
  EXPECT_EQ(bucket.take(1, kRateStart), std::nullopt);
  EXPECT_FALSE(bucket.is_full(kRateStart + milliseconds(59'999)));
  bucket.give_back(1);
  EXPECT_TRUE(bucket.is_full(kRateStart + milliseconds(59'999)));
  bucket.give_back(1);
  EXPECT_EQ(bucket.take(1, kRateStart + seconds(60)), std::nullopt);
  EXPECT_NE(bucket.take(1, kRateStart + seconds(60)), std::nullopt);
}

}  // namespace
}  // namespace blindai
