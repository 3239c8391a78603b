// How long a model is kept that nobody uses. Off unless the configuration, or the plan of the
// model's owner, says a number of days; the fewer count. Models of the measured configuration stay.
//
// In its last days (kWarnDays, or half of the time where that is less) answers about the model
// carry `blindai-model-expires`, the time at which it will go unless it is used. A prediction is a
// use, and so is loading the model; its owner can see the header by asking for its description,
// which is none.   Pure but for what it is given.
#pragma once

#include "enclave/config/measured_config.h"
#include "enclave/serve/last_use.h"
#include "enclave/serve/owners.h"
#include "enclave/vault/vault.h"

namespace blindai {

inline constexpr int64_t kWarnDays = 7;

class Retention {
 public:
  // All outlive it.
  Retention(const MeasuredConfig& config, const OwnerBook& owners, const LastUse& uses)
      : config_(config), owners_(owners), uses_(uses) {}

  // Whether any model may ever be removed; if not, nobody needs to know when it was used.
  bool matters() const;
  // The first moment at which the model may be removed; nothing: never.
  std::optional<Time> end_of(const ModelRecord& record) const;
  bool has_ended(const ModelRecord& record, Time now) const;
  // The value of the header when it is due.
  std::optional<std::string> warning(const ModelRecord& record, Time now) const;

 private:
  // 0: for good.
  uint64_t days_of(const ModelRecord& record) const;
  std::optional<Time> end_after(const ModelRecord& record, uint64_t days) const;

  const MeasuredConfig& config_;
  const OwnerBook& owners_;
  const LastUse& uses_;
};

}  // namespace blindai
