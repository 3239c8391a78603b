// A simulated platform that never runs out: made anew once a day, so that what it published is in
// force for twenty-nine days more.
#pragma once

#include <functional>

#include "lib/base/time.h"

namespace blindai {

template <typename Platform>
class RenewedDaily {
 public:
  using Clock = std::function<Time()>;
  using Make = std::function<Platform(Time now)>;

  // Asks `clock` for the time now, here and at each call below.
  RenewedDaily(Clock clock, Make make)
      : clock_(std::move(clock)),
        make_(std::move(make)),
        made_at_(clock_()),
        platform_(make_(made_at_)) {}

  const Platform& now() {
    const Time now = clock_();
    // Also when the clock was set back: nothing made now may begin in the future.
    if (now >= made_at_ + kRenewAfter || now < made_at_) {
      made_at_ = now;
      platform_ = make_(now);
    }
    return platform_;
  }

 private:
  static constexpr int64_t kRenewAfter = 24 * 3600;  // seconds

  const Clock clock_;
  const Make make_;
  Time made_at_;
  Platform platform_;
};

}  // namespace blindai
