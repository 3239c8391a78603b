// How often something may happen: a token bucket, exact to the nanosecond. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace blindai {

// Holds one minute's worth: `per_minute` in a row when it is full, and after that one each
// 60 s / per_minute. What it holds is time, so the rate may be another at each call.
class RateBucket {
 public:
  using Clock = std::chrono::steady_clock;

  // Full. `now` at each call is never earlier than before; an earlier one counts as the same.
  explicit RateBucket(Clock::time_point now) : at_(now) {}

  // Takes one and answers nothing, or takes nothing and answers in how long one is there; with a
  // rate of 0, none ever is, and the answer is a minute.
  std::optional<Clock::duration> take(uint64_t per_minute, Clock::time_point now);
  // The last one taken is given back, because something else refused.
  void give_back(uint64_t per_minute);
  // Whether it holds all it can, so that a new bucket would do as well.
  bool is_full(Clock::time_point now);

 private:
  static constexpr std::chrono::nanoseconds kMost = std::chrono::minutes(1);
  static std::chrono::nanoseconds price(uint64_t per_minute);
  void fill(Clock::time_point now);

  Clock::time_point at_;
  std::chrono::nanoseconds held_ = kMost;
};

}  // namespace blindai
