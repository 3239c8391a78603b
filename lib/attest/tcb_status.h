// The status Intel gives a platform's TCB level.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace blindai {

// Source: Intel PCS API v4, "tcbStatus" of TCB info and enclave identity; the two of relaunch:
// Intel's quote verification library.
enum class TcbStatus : uint8_t {
  kUpToDate,
  kSwHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSwHardeningNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  // Never in a document: what a TD is told that was launched under an out-of-date TDX module which
  // has since been brought up to date (TDX 1.5).
  kTdRelaunchAdvised,
  kTdRelaunchAdvisedConfigurationNeeded,
  kRevoked,
};

// Intel's own spelling: "UpToDate", "SWHardeningNeeded", …
std::string_view name_of(TcbStatus status);
// Errors: kMalformed "tcb.status" for any other spelling.
Result<TcbStatus> parse_tcb_status(std::string_view text);

// Whether the text is as Intel names its security advisories: 1 to 64 letters, digits and '-'.
bool is_advisory(std::string_view text);

// The status of a quote, from its platform's and that of its quoting enclave or TDX module. Intel's
// rule: a revoked one revokes both; an out-of-date part makes the platform out of date, and keeps
// the need for configuration visible. `part` is one of kUpToDate, kOutOfDate, kRevoked.
TcbStatus converge(TcbStatus platform, TcbStatus part);

// Whether Intel gives it to a quoting enclave or TDX module: no rule says how any other would join
// with the platform's.
bool is_of_a_part(TcbStatus status);

// The status of a TD from what it was launched under and what it runs under now (TDX 1.5), both
// statuses of documents. Launched out of date, and now not: it is advised to relaunch. Otherwise
// the result has every shortcoming of either, where Intel's own library goes by the launch alone.
TcbStatus join_launch_and_current(TcbStatus launch, TcbStatus current);

}  // namespace blindai
