#include "lib/attest/tcb_status.h"

#include <algorithm>

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
    {TcbStatus::kTdRelaunchAdvised, "TDRelaunchAdvised"},
    {TcbStatus::kTdRelaunchAdvisedConfigurationNeeded, "TDRelaunchAdvisedConfigurationNeeded"},
    {TcbStatus::kRevoked, "Revoked"},
};

bool out_of_date(TcbStatus s) {
  return s == TcbStatus::kOutOfDate || s == TcbStatus::kOutOfDateConfigurationNeeded;
}
bool needs_configuration(TcbStatus s) {
  return s == TcbStatus::kConfigurationNeeded ||
         s == TcbStatus::kConfigurationAndSwHardeningNeeded ||
         s == TcbStatus::kOutOfDateConfigurationNeeded;
}
bool needs_hardening(TcbStatus s) {
  return s == TcbStatus::kSwHardeningNeeded || s == TcbStatus::kConfigurationAndSwHardeningNeeded;
}

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

TcbStatus converge(TcbStatus platform, TcbStatus part) {
  if (platform == TcbStatus::kRevoked || part == TcbStatus::kRevoked) return TcbStatus::kRevoked;
  if (part == TcbStatus::kUpToDate) return platform;
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

bool is_of_a_part(TcbStatus status) {
  return status == TcbStatus::kUpToDate || status == TcbStatus::kOutOfDate ||
         status == TcbStatus::kRevoked;
}

TcbStatus join_launch_and_current(TcbStatus launch, TcbStatus current) {
  if (launch == TcbStatus::kRevoked || current == TcbStatus::kRevoked) return TcbStatus::kRevoked;
  const bool configuration = needs_configuration(launch) || needs_configuration(current);
  if (out_of_date(current))
    return configuration ? TcbStatus::kOutOfDateConfigurationNeeded : TcbStatus::kOutOfDate;
  if (out_of_date(launch))
    return configuration ? TcbStatus::kTdRelaunchAdvisedConfigurationNeeded
                         : TcbStatus::kTdRelaunchAdvised;
  if (needs_hardening(launch) || needs_hardening(current))
    return configuration ? TcbStatus::kConfigurationAndSwHardeningNeeded
                         : TcbStatus::kSwHardeningNeeded;
  return configuration ? TcbStatus::kConfigurationNeeded : TcbStatus::kUpToDate;
}

bool is_advisory(std::string_view text) {
  constexpr size_t kMaxLen = 64;
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= kMaxLen && std::ranges::all_of(text, allowed);
}

}  // namespace blindai
