#include "enclave/serve/rate.h"

#include <algorithm>

namespace blindai {

// Rounded down, so that a whole minute's worth always fits.
std::chrono::nanoseconds RateBucket::price(uint64_t per_minute) {
  return std::chrono::nanoseconds(static_cast<uint64_t>(kMost.count()) / per_minute);
}

void RateBucket::fill(Clock::time_point now) {
  if (now <= at_) return;
  // Compared before it is added: a clock may have run for centuries.
  const Clock::duration passed = now - at_;
  held_ = passed >= kMost ? kMost : std::min(kMost, held_ + passed);
  at_ = now;
}

std::optional<RateBucket::Clock::duration> RateBucket::take(uint64_t per_minute,
                                                            Clock::time_point now) {
  fill(now);
  if (per_minute == 0) return kMost;
  const std::chrono::nanoseconds needed = price(per_minute);
  if (held_ < needed) return needed - held_;
  held_ -= needed;
  return std::nullopt;
}

void RateBucket::give_back(uint64_t per_minute) {
  held_ = std::min(kMost, held_ + price(per_minute));
}

bool RateBucket::is_full(Clock::time_point now) {
  fill(now);
  return held_ == kMost;
}

}  // namespace blindai
