// What one account may use. An account token and the measured configuration state limits under the
// same names; whatever is absent, the other decides.   Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace blindai {

struct AccountLimits {
  std::optional<uint64_t> models_per_account = {};
  std::optional<uint64_t> bytes_per_model = {};
  std::optional<uint64_t> bytes_per_account = {};
  std::optional<uint64_t> predictions_per_minute = {};
  std::optional<uint64_t> concurrent_predictions = {};
  std::optional<uint64_t> retention_days = {};  // 0: models are kept for good

  bool operator==(const AccountLimits&) const = default;
};

struct LimitField {
  std::string_view name;  // in tokens, configurations and refusals
  std::optional<uint64_t> AccountLimits::* value;
  uint64_t max;               // a value above it is refused
  bool zero_is_none = false;  // 0 says "no limit", and not "nothing at all"
};

// In the order of the struct.
std::span<const LimitField> limit_fields();

// Each limit the lower of the two, where both are there.
AccountLimits stricter(const AccountLimits& a, const AccountLimits& b);

}  // namespace blindai
