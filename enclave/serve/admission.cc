#include "enclave/serve/admission.h"

#include <fmt/core.h>

namespace blindai {
namespace {

// Accounts are looked through for idle ones when there are so many, and when they have doubled.
constexpr size_t kForgetAt = 1024;

// What an account has to wait at most, however many models of it were refused.
constexpr std::chrono::seconds kMostPause{60};
// A request waits so long; one that would have to wait longer is refused at once.
constexpr std::chrono::seconds kLongestWait{10};

std::chrono::seconds whole_seconds(RateBucket::Clock::duration wait) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
}

Problem too_often(Id id, LimitKind limit, uint64_t value, std::string_view whose,
                  std::chrono::seconds wait) {
  return {Code::kExhausted, id,
          fmt::format("{} {} predictions per minute ({} = {}); send this one again in {} s.", whose,
                      value, name_of(limit), value, wait.count())};
}

}  // namespace

HeldBytes::~HeldBytes() {
  if (admission_ == nullptr) return;
  admission_->held_ -= bytes_;
  use_->bytes -= bytes_;
}

HeldBytes& HeldBytes::operator=(HeldBytes&& other) noexcept {
  std::swap(admission_, other.admission_);
  std::swap(use_, other.use_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Outcome<void> HeldBytes::add(uint64_t bytes) {
  const HostLimits& limits = admission_->host_limits_;
  const uint64_t most = std::min(limits.account_bytes, limits.bytes);
  if (bytes > most - std::min(most, bytes_)) {
    admission_->metrics_.refused_by(LimitKind::kBytesInFlight);
    return problem(Code::kTooLarge, "limit.request-bytes",
                   fmt::format("A request may hold at most {} bytes of this server's memory with "
                               "its tensors; send less at once.",
                               most));
  }
  if (bytes > limits.account_bytes - std::min(limits.account_bytes, use_->bytes)) {
    admission_->metrics_.refused_by(LimitKind::kBytesInFlight);
    return problem(Code::kExhausted, "limit.account-bytes",
                   fmt::format("Your requests that are on their way may hold at most {} bytes of "
                               "this server's memory together; wait for one to end.",
                               limits.account_bytes));
  }
  if (bytes > limits.bytes - std::min(limits.bytes, admission_->held_)) {
    admission_->metrics_.refused_by(LimitKind::kBytesInFlight);
    return problem(Code::kUnavailable, "server.busy",
                   "The requests that are on their way hold all the memory that this server has "
                   "for them. Try again later.");
  }
  add_unasked(bytes);
  return {};
}

void HeldBytes::add_unasked(uint64_t bytes) {
  bytes_ += bytes;
  use_->bytes += bytes;
  admission_->held_ += bytes;
}

std::expected<Admission::Now::duration, Admission::Refusal> Admission::pause_before_model(
    const std::shared_ptr<AccountUse>& use, Now now) {
  const Now until = (use == nullptr ? anonymous_ : use)->paused_until;
  const Now::duration pause = std::max(Now::duration::zero(), until - now);
  if (pause <= kLongestWait) return pause;
  metrics_.refused_by(LimitKind::kRefusedModels);
  const std::chrono::seconds after = whole_seconds(pause);
  return std::unexpected(
      Refusal{.problem = {Code::kExhausted, "limit.refused-models",
                          fmt::format("Models of yours were refused, and trying them took much of "
                                      "the server's time; it takes the next one in {} s. Correct "
                                      "them, and send them one at a time.",
                                      after.count())},
              .retry_after = after});
}

void Admission::model_refused(const std::shared_ptr<AccountUse>& use, Now::duration took, Now now) {
  Now& until = (use == nullptr ? anonymous_ : use)->paused_until;
  const Now::duration pause =
      std::min<Now::duration>(took, kMostPause) * host_limits_.refusal_pause;
  until = std::min(std::max(until, now) + pause, now + kMostPause);
}

HeldBytes Admission::hold(std::shared_ptr<AccountUse> use) {
  return {*this, use == nullptr ? anonymous_ : std::move(use)};
}

Admission::Admission(const ConfiguredLimits& limits, const HostLimits& host, Metrics& metrics,
                     Now now)
    : limits_(limits),
      host_limits_(host),
      metrics_(metrics),
      anonymous_(std::make_shared<AccountUse>(now)),
      forget_at_(kForgetAt) {}

std::shared_ptr<AccountUse> Admission::use_of(const std::string& account, Now now) {
  if (accounts_.size() >= forget_at_) forget_idle(now);
  std::shared_ptr<AccountUse>& use = accounts_[account];
  if (use == nullptr) use = std::make_shared<AccountUse>(now);
  return use;
}

void Admission::forget_idle(Now now) {
  std::erase_if(accounts_, [now](auto& entry) {
    AccountUse& use = *entry.second;
    return entry.second.use_count() == 1 && use.running == 0 && use.bytes == 0 &&
           use.paused_until <= now && use.bucket.is_full(now);
  });
  forget_at_ = std::max(kForgetAt, 2 * accounts_.size());
}

std::expected<PredictionPass, Admission::Refusal> Admission::admit(
    const std::shared_ptr<AccountUse>& use, RateBucket& bucket, const AccountLimits& limits,
    Now now) {
  if (const auto most = limits.concurrent_predictions; most.has_value() && use->running >= *most) {
    metrics_.refused_by(LimitKind::kConcurrentPredictions);
    return std::unexpected(
        Refusal{.problem = {Code::kExhausted, "limit.concurrent-predictions",
                            fmt::format("At most {} predictions may run at once "
                                        "(concurrent_predictions = {}); wait for one to end.",
                                        *most, *most)},
                .retry_after = std::chrono::seconds(1)});
  }
  if (const auto rate = limits.predictions_per_minute; rate.has_value()) {
    if (const auto wait = bucket.take(*rate, now); wait.has_value()) {
      metrics_.refused_by(LimitKind::kPredictionsPerMinute);
      const std::chrono::seconds after = whole_seconds(*wait);
      return std::unexpected(
          Refusal{too_often("limit.predictions-per-minute", LimitKind::kPredictionsPerMinute, *rate,
                            "You may ask for", after),
                  after});
    }
  }
  return PredictionPass(use);
}

std::expected<PredictionPass, Admission::Refusal> Admission::admit(
    const std::shared_ptr<AccountUse>& use, const AccountLimits& limits, Now now) {
  return admit(use, use->bucket, limits, now);
}

std::expected<PredictionPass, Admission::Refusal> Admission::admit_anonymous(
    RateBucket& connection, const AccountLimits& limits, Now now) {
  auto pass = admit(anonymous_, connection, limits, now);
  const auto rate = limits_.anonymous_predictions_per_minute;
  if (!pass.has_value() || !rate.has_value()) return pass;
  const auto wait = anonymous_->bucket.take(*rate, now);
  if (!wait.has_value()) return pass;
  if (limits.predictions_per_minute.has_value())
    connection.give_back(*limits.predictions_per_minute);
  metrics_.refused_by(LimitKind::kAnonymousPredictionsPerMinute);
  const std::chrono::seconds after = whole_seconds(*wait);
  return std::unexpected(Refusal{
      too_often("limit.anonymous-predictions-per-minute", LimitKind::kAnonymousPredictionsPerMinute,
                *rate, "All callers without an account together may ask for", after),
      after});
}

}  // namespace blindai
