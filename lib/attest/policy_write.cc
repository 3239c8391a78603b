#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {

namespace {

std::string any_or(bool any, const std::string& list) {
  return any ? "\"any\"" : list;
}

// Where neither SGX nor TDX is accepted, these say nothing; what was said all the same is kept.
std::string dcap_fields(const Policy& policy) {
  const auto itself = [](const std::string& s) { return s; };
  const auto status = [](TcbStatus s) { return name_of(s); };
  const bool needed = policy.sgx.has_value() || policy.tdx.has_value();
  std::string out;
  if (needed || !policy.tcb_statuses.empty())
    out += "tcb_statuses = " + policy_list(policy.tcb_statuses, status) + "\n";
  if (needed || policy.advisories != Accepted<std::string>())
    out += "advisories = " +
           any_or(policy.advisories.any, policy_list(policy.advisories.values, itself)) + "\n";
  if (needed || policy.min_tcb_evaluation_number != 0)
    out += "min_tcb_evaluation_number = " + std::to_string(policy.min_tcb_evaluation_number) + "\n";
  return out;
}

}  // namespace

std::string policy_to_toml(const Policy& policy) {
  std::string out = "format = \"blindai-policy-1\"\n" + dcap_fields(policy);
  out += "configurations = " +
         any_or(policy.configurations.any, policy_hex_list(policy.configurations.values)) + "\n";
  out += "max_evidence_age_s = " + std::to_string(policy.max_evidence_age_s) + "\n";
  out += std::string("allow_debug = ") + (policy.allow_debug ? "true" : "false") + "\n";
  if (policy.sgx.has_value()) out += write_sgx_policy(*policy.sgx);
  if (policy.snp.has_value()) out += write_snp_policy(*policy.snp);
  if (policy.nitro.has_value()) out += write_nitro_policy(*policy.nitro);
  if (policy.tdx.has_value()) out += write_tdx_policy(*policy.tdx);
  if (policy.azure.has_value()) out += write_azure_policy(*policy.azure);
  return out;
}

}  // namespace blindai
