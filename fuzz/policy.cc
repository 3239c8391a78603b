// Property: an accepted policy accepts at least one program, says how long, never accepts a revoked
// platform, and survives being written and read; a refused one says so in a sentence.
#include "lib/attest/policy.h"

#include <algorithm>
#include <cstdlib>

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto policy =
      blindai::parse_policy(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!policy.has_value()) {
    require(!policy.error().sentence.empty());
    return 0;
  }
  require(policy->sgx.has_value() || policy->tdx.has_value() || policy->snp.has_value() ||
          policy->nitro.has_value());
  if (policy->sgx.has_value()) require(!policy->sgx->mr_enclave.empty());
  if (policy->nitro.has_value()) require(!policy->nitro->pcrs[0].empty());
  if (policy->tdx.has_value()) {
    require(!policy->tdx->mr_td.empty());
    for (const auto& rtmr : policy->tdx->rtmr) require(rtmr.any != !rtmr.values.empty());
  }
  if (policy->azure.has_value()) {
    require(policy->snp.has_value() || policy->tdx.has_value());
    const blindai::TpmPolicy& tpm = policy->azure->tpm;
    require(tpm.pcr_selection != 0 && tpm.pcr_selection >> blindai::kNumPcrs == 0);
    for (size_t i = 0; i < blindai::kNumPcrs; ++i)
      require((tpm.pcrs[i].any || !tpm.pcrs[i].values.empty()) == (tpm.pcr_selection >> i & 1));
  }
  if (policy->snp.has_value())
    require(!policy->snp->measurement.empty() &&
            (policy->snp->min_tcb_milan.has_value() || policy->snp->min_tcb_genoa.has_value() ||
             policy->snp->min_tcb_turin.has_value()));
  require(policy->max_evidence_age_s > 0);
  if (policy->sgx.has_value() || policy->tdx.has_value()) require(!policy->tcb_statuses.empty());
  require(std::find(policy->tcb_statuses.begin(), policy->tcb_statuses.end(),
                    blindai::TcbStatus::kRevoked) == policy->tcb_statuses.end());
  const auto again = blindai::parse_policy(blindai::policy_to_toml(*policy));
  require(again.has_value() && *again == *policy);
  return 0;
}
