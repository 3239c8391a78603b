#include "lib/attest/tcb_status.h"

namespace blindai {
namespace {

constexpr struct {
  TcbStatus status;
  std::string_view name;
} kNames[] = {
    {TcbStatus::kUpToDate, "UpToDate"},
    {TcbStatus::kSwHardeningNeeded, "SWHardeningNeeded"},
    {TcbStatus::kConfigurationNeeded, "ConfigurationNeeded"},
    {TcbStatus::kConfigurationAndSwHardeningNeeded, "ConfigurationAndSWHardeningNeeded"},
    {TcbStatus::kOutOfDate, "OutOfDate"},
    {TcbStatus::kOutOfDateConfigurationNeeded, "OutOfDateConfigurationNeeded"},
    {TcbStatus::kRevoked, "Revoked"},
};

}  // namespace

std::string_view name_of(TcbStatus status) {
  for (const auto& entry : kNames)
    if (entry.status == status) return entry.name;
  return "Revoked";
}

Result<TcbStatus> parse_tcb_status(std::string_view text) {
  for (const auto& entry : kNames)
    if (entry.name == text) return entry.status;
  return fail(Code::kMalformed, "tcb.status");
}

TcbStatus converge(TcbStatus platform, TcbStatus qe) {
  if (platform == TcbStatus::kRevoked || qe == TcbStatus::kRevoked) return TcbStatus::kRevoked;
  if (qe == TcbStatus::kUpToDate) return platform;
  switch (platform) {
    case TcbStatus::kUpToDate:
    case TcbStatus::kSwHardeningNeeded:
      return TcbStatus::kOutOfDate;
    case TcbStatus::kConfigurationNeeded:
    case TcbStatus::kConfigurationAndSwHardeningNeeded:
      return TcbStatus::kOutOfDateConfigurationNeeded;
    default:
      return platform;
  }
}

}  // namespace blindai
