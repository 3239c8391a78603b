#include "lib/attest/sgx_verification.h"
#include "lib/crypto/crypto.h"

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

void SgxVerification::platform() {
  if (!tcb_info_.has_value() || !passed(C::kTcbIdentity) || !passed(C::kTcbFmspc) ||
      !passed(C::kTcbPceId) || !passed(C::kQeLevel))
    return;
  const TcbLevel* level = tcb_info_->level_of(*pck_);
  mark(C::kTcbLevel, level != nullptr, "one of " + number(tcb_info_->levels.size()) + " levels",
       "components " + to_hex(pck_->components) + ", PCESVN " + number(pck_->pce_svn));
  if (level == nullptr) return;
  advisories_.insert(advisories_.end(), level->advisories.begin(), level->advisories.end());
  std::sort(advisories_.begin(), advisories_.end());
  advisories_.erase(std::unique(advisories_.begin(), advisories_.end()), advisories_.end());
  status_ = converge(level->status, qe_status_);
  mark(C::kTcbStatus, status_ != TcbStatus::kRevoked, "not Revoked", text(name_of(status_)));
}

void SgxVerification::policy() {
  if (passed(C::kTcbLevel)) {
    std::vector<std::string_view> accepted;
    for (const TcbStatus s : policy_.tcb_statuses) accepted.push_back(name_of(s));
    const bool listed = std::find(policy_.tcb_statuses.begin(), policy_.tcb_statuses.end(),
                                  status_) != policy_.tcb_statuses.end();
    mark(C::kPolicyTcbStatus, listed, names(accepted), text(name_of(status_)));
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
  const SgxReport& report = quote_->report;
  mark(C::kPolicyDebug, policy_.allow_debug || !report.debug(),
       policy_.allow_debug ? "debug or production" : "production",
       yes_no(report.debug(), "debug", "production"));
  if (!mark(C::kPolicyTee, policy_.sgx.has_value(), "sgx",
            policy_.sgx.has_value() ? "sgx" : "none"))
    return;
  constexpr std::string_view kUnrestricted = "any (the policy does not say)";
  const SgxPolicy& sgx = *policy_.sgx;
  std::vector<std::string> measurements;
  for (const auto& m : sgx.mr_enclave) measurements.push_back(to_hex(m));
  const bool accepted = std::find(sgx.mr_enclave.begin(), sgx.mr_enclave.end(),
                                  report.mr_enclave) != sgx.mr_enclave.end();
  mark(C::kPolicyMeasurement, accepted, names(measurements), to_hex(report.mr_enclave));
  if (sgx.mr_signer.has_value())
    same(C::kPolicySigner, *sgx.mr_signer, report.mr_signer);
  else
    mark(C::kPolicySigner, true, text(kUnrestricted), to_hex(report.mr_signer));
  mark(C::kPolicyProduct, sgx.isv_prod_id.value_or(report.isv_prod_id) == report.isv_prod_id,
       sgx.isv_prod_id.has_value() ? number(*sgx.isv_prod_id) : text(kUnrestricted),
       number(report.isv_prod_id));
  mark(C::kPolicySvn, report.isv_svn >= sgx.min_isv_svn.value_or(0),
       sgx.min_isv_svn.has_value() ? "at least " + number(*sgx.min_isv_svn) : text(kUnrestricted),
       number(report.isv_svn));
  if (sgx.misc_select.has_value())
    masked(C::kPolicyMiscSelect, *sgx.misc_select, report.misc_select);
  else
    mark(C::kPolicyMiscSelect, true, text(kUnrestricted), to_hex(report.misc_select));
  if (sgx.attributes.has_value())
    masked(C::kPolicyAttributes, *sgx.attributes, report.attributes);
  else
    mark(C::kPolicyAttributes, true, text(kUnrestricted), to_hex(report.attributes));
}

void SgxVerification::claims() {
  ByteArray<64> bound{};
  const Sha256Digest digest = sha256(claims_);
  std::copy(digest.begin(), digest.end(), bound.begin());
  same(C::kClaims, bound, quote_->report.report_data);
}

}  // namespace blindai
