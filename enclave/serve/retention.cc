#include "enclave/serve/retention.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr int64_t kDay = 24 * 3600;

}  // namespace

uint64_t Retention::days_of(const ModelRecord& record) const {
  if (config_.configured_model(record.id) != nullptr) return 0;
  AccountLimits plan;
  if (record.owner.has_value()) plan.retention_days = owners_.retention_of({record.owner->key});
  return stricter(config_.limits.accounts, plan).retention_days.value_or(0);
}

bool Retention::matters() const {
  return config_.limits.accounts.retention_days.value_or(0) > 0 || owners_.any_retention();
}

std::optional<Time> Retention::end_after(const ModelRecord& record, uint64_t days) const {
  if (days == 0) return std::nullopt;
  const Time last = std::max(uses_.last_use(record.id), record.created);
  return last + static_cast<int64_t>(days) * kDay;
}

std::optional<Time> Retention::end_of(const ModelRecord& record) const {
  return end_after(record, days_of(record));
}

bool Retention::has_ended(const ModelRecord& record, Time now) const {
  const std::optional<Time> end = end_of(record);
  return end.has_value() && now >= *end;
}

std::optional<std::string> Retention::warning(const ModelRecord& record, Time now) const {
  const uint64_t days = days_of(record);
  const std::optional<Time> end = end_after(record, days);
  if (!end.has_value()) return std::nullopt;
  const int64_t ahead = std::min(kWarnDays * kDay, static_cast<int64_t>(days) * kDay / 2);
  if (now < *end + -ahead) return std::nullopt;
  return to_rfc3339(*end);
}

}  // namespace blindai
