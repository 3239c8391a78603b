#include "enclave/serve/upkeep.h"

namespace blindai {
namespace {

// Uses are for days; what a crash loses of them only makes models live longer.
constexpr int kRoundsPerWrite = 24;

}  // namespace

Upkeep::Upkeep(ServeContext& context, BlindaiService& service, spdlog::logger& log,
               Reactor::Clock::duration every)
    : context_(context),
      service_(service),
      log_(log),
      every_(every),
      timer_(context.reactor.timer()) {
  later();
}

void Upkeep::later() {
  timer_->after(every_, [this] { round(); });
}

void Upkeep::round() {
  service_.remove_expired([this](size_t n) { log_.info("retention: {} models removed", n); });
  if (++rounds_ % kRoundsPerWrite == 0 && context_.tenancy.retention.matters()) {
    auto kept = std::make_shared<Status>();
    context_.background.run(
        [&tenancy = context_.tenancy, changed = context_.tenancy.uses.take_changed(), kept] {
          *kept = tenancy.keep_uses(changed);
        },
        [this, kept] {
          if (!kept->has_value()) log_.error("uses: {}", kept->error().describe());
        });
  }
  later();
}

void Upkeep::finish() {
  if (!context_.tenancy.retention.matters()) return;
  const Status kept = context_.tenancy.keep_uses(context_.tenancy.uses.take_changed());
  if (!kept.has_value()) log_.error("uses: {}", kept.error().describe());
}

}  // namespace blindai
