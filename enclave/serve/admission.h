// Whether a request may have a place now: predictions by how many a minute and how many at once,
// and all that carry tensors or models by the bytes that they hold of the server's memory.
//
// An account, or a listed owner, has one bucket and one count wherever it calls from. Callers
// without an account have a bucket for each connection, and one count and one bucket for all of
// them together; their keys do not matter, since anybody can make keys.
//
// Bytes. A request holds what its body and its answer take here until the answer is sent: its JSON
// as it arrives, its tensors as soon as their sizes are known. All together may hold
// HostLimits::bytes, and one account (or all callers without one) HostLimits::account_bytes, so
// that nobody keeps others out. Each connection has one request at a time. How slowly they may come
// and go is net/http_server.h's affair.
//
// Models. Trying one starts a process and takes tens of milliseconds of a processor, and a refusal
// costs its account nothing, neither a name nor a byte of its quota. So it costs time: those who
// send one bad model after the other take a fixed share of one processor, and the others hardly
// notice.
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

// Hints of the host: they are its memory and processors, and refusing service is in its power
// anyway.
struct HostLimits {
  uint64_t bytes = 1ULL << 30;
  uint64_t account_bytes = 512ULL << 20;
  // An account's next model is tried this many times as long after one that was refused as that
  // one took, but at most a minute.
  uint32_t refusal_pause = 50;
};

// What one account uses at the moment.
struct AccountUse {
  explicit AccountUse(RateBucket::Clock::time_point now) : bucket(now) {}
  RateBucket bucket;
  uint64_t running = 0;
  uint64_t bytes = 0;                               // held by its requests
  RateBucket::Clock::time_point paused_until = {};  // after models of it that were refused
};

class Admission;

// What one request holds of the server's memory; given back by its destructor.
class HeldBytes {
 public:
  HeldBytes() = default;
  ~HeldBytes();
  HeldBytes(HeldBytes&& other) noexcept { *this = std::move(other); }
  HeldBytes& operator=(HeldBytes&& other) noexcept;

  // Holds `bytes` more. Errors: kTooLarge "limit.request-bytes" (more than one account may ever
  // hold), kExhausted "limit.account-bytes", kUnavailable "server.busy".
  Outcome<void> add(uint64_t bytes);
  // For what is there already.
  void add_unasked(uint64_t bytes);

 private:
  friend class Admission;
  HeldBytes(Admission& admission, std::shared_ptr<AccountUse> use)
      : admission_(&admission), use_(std::move(use)) {}
  Admission* admission_ = nullptr;
  std::shared_ptr<AccountUse> use_;
  uint64_t bytes_ = 0;
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
  Admission(const ConfiguredLimits& limits, const HostLimits& host, Metrics& metrics, Now now);

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
  // In how long a model of the account, or of somebody without one (null), may be tried.
  // Errors: "limit.refused-models" when that is longer than a client should be kept waiting.
  std::expected<Now::duration, Refusal> pause_before_model(const std::shared_ptr<AccountUse>& use,
                                                           Now now);
  // A model of the account was refused after it had been tried for so long.
  void model_refused(const std::shared_ptr<AccountUse>& use, Now::duration took, Now now);
  // For one request of the account, or of somebody without one (null). It holds nothing yet.
  HeldBytes hold(std::shared_ptr<AccountUse> use);
  uint64_t held_bytes() const { return held_; }

 private:
  friend class HeldBytes;
  std::expected<PredictionPass, Refusal> admit(const std::shared_ptr<AccountUse>& use,
                                               RateBucket& bucket, const AccountLimits& limits,
                                               Now now);
  void forget_idle(Now now);

  const ConfiguredLimits& limits_;
  const HostLimits host_limits_;
  uint64_t held_ = 0;
  Metrics& metrics_;
  std::map<std::string, std::shared_ptr<AccountUse>> accounts_;
  std::shared_ptr<AccountUse> anonymous_;
  size_t forget_at_;
};

}  // namespace blindai
