// Whether a prediction may run now: how many a minute and how many at once.
//
// An account, or a listed owner, has one bucket and one count wherever it calls from. Callers
// without an account have a bucket for each connection, and one count and one bucket for all of
// them together; their keys do not matter, since anybody can make keys.
//
// Threads: the reactor's. Admitting allocates nothing.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>

#include "enclave/config/measured_config.h"
#include "enclave/serve/metrics.h"
#include "enclave/serve/rate.h"

namespace blindai {

// What one account uses at the moment.
struct AccountUse {
  explicit AccountUse(RateBucket::Clock::time_point now) : bucket(now) {}
  RateBucket bucket;
  uint64_t running = 0;
};

// One prediction's place among those that run; given back by its destructor.
class PredictionPass {
 public:
  PredictionPass() = default;
  ~PredictionPass() {
    if (use_ != nullptr) --use_->running;
  }
  PredictionPass(PredictionPass&&) noexcept = default;
  PredictionPass& operator=(PredictionPass&& other) noexcept {
    std::swap(use_, other.use_);
    return *this;
  }

 private:
  friend class Admission;
  explicit PredictionPass(std::shared_ptr<AccountUse> use) : use_(std::move(use)) {
    ++use_->running;
  }
  std::shared_ptr<AccountUse> use_;
};

class Admission {
 public:
  using Now = RateBucket::Clock::time_point;

  // `limits` and `metrics` outlive it.
  Admission(const ConfiguredLimits& limits, Metrics& metrics, Now now);

  // The use of the account by that name, for as long as somebody holds it or it matters.
  std::shared_ptr<AccountUse> use_of(const std::string& account, Now now);

  struct Refusal {
    Problem problem;
    std::chrono::seconds retry_after;  // at least 1
  };
  // Errors, kExhausted, each naming the limit and its value: "limit.concurrent-predictions",
  // "limit.predictions-per-minute", "limit.anonymous-predictions-per-minute".
  std::expected<PredictionPass, Refusal> admit(const std::shared_ptr<AccountUse>& use,
                                               const AccountLimits& limits, Now now);
  // Of a caller without an account. `connection`: its connection's bucket.
  std::expected<PredictionPass, Refusal> admit_anonymous(RateBucket& connection,
                                                         const AccountLimits& limits, Now now);

 private:
  std::expected<PredictionPass, Refusal> admit(const std::shared_ptr<AccountUse>& use,
                                               RateBucket& bucket, const AccountLimits& limits,
                                               Now now);
  void forget_idle(Now now);

  const ConfiguredLimits& limits_;
  Metrics& metrics_;
  std::map<std::string, std::shared_ptr<AccountUse>> accounts_;
  std::shared_ptr<AccountUse> anonymous_;
  size_t forget_at_;
};

}  // namespace blindai
