// The status Intel gives a platform's TCB level.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace blindai {

// Source: Intel PCS API v4, "tcbStatus" of TCB info and enclave identity.
enum class TcbStatus : uint8_t {
  kUpToDate,
  kSwHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSwHardeningNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kRevoked,
};

// Intel's own spelling: "UpToDate", "SWHardeningNeeded", …
std::string_view name_of(TcbStatus status);
// Errors: kMalformed "tcb.status" for any other spelling.
Result<TcbStatus> parse_tcb_status(std::string_view text);

// The status of a quote, from its platform's and its quoting enclave's. Intel's rule: a revoked one
// revokes both; an out-of-date quoting enclave makes the platform out of date, and keeps the need
// for configuration visible. `qe` is one of kUpToDate, kOutOfDate, kRevoked.
TcbStatus converge(TcbStatus platform, TcbStatus qe);

}  // namespace blindai
