#include "lib/auth/account_limits.h"

#include <algorithm>

namespace blindai {
namespace {

// Every reader of JSON keeps integers up to this one exact (RFC 8259 section 6).
constexpr uint64_t kMaxBytes = (uint64_t{1} << 53) - 1;
constexpr uint64_t kMaxCount = 1'000'000'000;
constexpr uint64_t kMaxDays = 36500;

constexpr LimitField kFields[] = {
    {"models_per_account", &AccountLimits::models_per_account, kMaxCount},
    {"bytes_per_model", &AccountLimits::bytes_per_model, kMaxBytes},
    {"bytes_per_account", &AccountLimits::bytes_per_account, kMaxBytes},
    {"predictions_per_minute", &AccountLimits::predictions_per_minute, kMaxCount},
    {"concurrent_predictions", &AccountLimits::concurrent_predictions, kMaxCount},
    {"retention_days", &AccountLimits::retention_days, kMaxDays, true},
};

std::optional<uint64_t> stricter_of(const LimitField& field, std::optional<uint64_t> a,
                                    std::optional<uint64_t> b) {
  if (!a.has_value() || !b.has_value()) return a.has_value() ? a : b;
  if (field.zero_is_none && (*a == 0 || *b == 0)) return std::max(*a, *b);
  return std::min(*a, *b);
}

}  // namespace

std::span<const LimitField> limit_fields() {
  return kFields;
}

AccountLimits stricter(const AccountLimits& a, const AccountLimits& b) {
  AccountLimits out;
  for (const LimitField& field : kFields)
    out.*field.value = stricter_of(field, a.*field.value, b.*field.value);
  return out;
}

}  // namespace blindai
