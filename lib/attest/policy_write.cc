#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {

std::string policy_to_toml(const Policy& policy) {
  const auto itself = [](const std::string& s) { return s; };
  const auto status = [](TcbStatus s) { return name_of(s); };
  std::string out = "format = \"blindai-policy-1\"\n";
  out += "tcb_statuses = " + policy_list(policy.tcb_statuses, status) + "\n";
  out += "advisories = " +
         (policy.advisories.any ? "\"any\"" : policy_list(policy.advisories.values, itself)) + "\n";
  out += "configurations = " +
         (policy.configurations.any ? "\"any\"" : policy_hex_list(policy.configurations.values)) +
         "\n";
  out += "min_tcb_evaluation_number = " + std::to_string(policy.min_tcb_evaluation_number) + "\n";
  out += "max_evidence_age_s = " + std::to_string(policy.max_evidence_age_s) + "\n";
  out += std::string("allow_debug = ") + (policy.allow_debug ? "true" : "false") + "\n";
  if (policy.sgx.has_value()) out += write_sgx_policy(*policy.sgx);
  if (policy.tdx.has_value()) out += write_tdx_policy(*policy.tdx);
  if (policy.snp.has_value()) out += write_snp_policy(*policy.snp);
  return out;
}

}  // namespace blindai
