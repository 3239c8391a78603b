#include "lib/attest/dcap_verification.h"

namespace blindai {
namespace {

std::string names(const auto& list) {
  std::string out;
  for (const auto& name : list) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out.empty() ? "none" : out;
}

}  // namespace

void DcapVerification::policy() {
  platform_policy();
  mark(C::kPolicyDebug, policy_.allow_debug || !debug(),
       policy_.allow_debug ? "debug or production" : "production",
       yes_no(debug(), "debug", "production"));
  const std::string section = is_tdx() ? "tdx" : "sgx";
  const bool has = is_tdx() ? policy_.tdx.has_value() : policy_.sgx.has_value();
  if (!mark(C::kPolicyTee, has, section, has ? section : "none")) return;
  if (is_tdx())
    tdx_policy(*quote_->td());
  else
    sgx_policy(*quote_->sgx());
}

void DcapVerification::platform_policy() {
  if (status_.has_value()) {
    std::vector<std::string_view> accepted;
    for (const TcbStatus s : policy_.tcb_statuses) accepted.push_back(name_of(s));
    const bool listed = std::find(policy_.tcb_statuses.begin(), policy_.tcb_statuses.end(),
                                  *status_) != policy_.tcb_statuses.end();
    mark(C::kPolicyTcbStatus, listed, names(accepted), text(name_of(*status_)));
    const bool advisories = std::all_of(advisories_.begin(), advisories_.end(), [&](const auto& a) {
      return policy_.advisories.accepts(a);
    });
    mark(C::kPolicyAdvisories, advisories,
         policy_.advisories.any ? "any" : names(policy_.advisories.values), names(advisories_));
  }
  if (tcb_info_.has_value() && qe_identity_.has_value()) {
    const uint32_t found = std::min(tcb_info_->evaluation_number, qe_identity_->evaluation_number);
    mark(C::kPolicyEvaluationNumber, found >= policy_.min_tcb_evaluation_number,
         "at least " + number(policy_.min_tcb_evaluation_number), number(found));
  }
}

}  // namespace blindai
