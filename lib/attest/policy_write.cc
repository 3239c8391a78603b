#include "lib/attest/policy.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

std::string list(const auto& values, const auto& text_of) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ", ";
    out += json_quote(text_of(value));  // a TOML basic string has JSON's escapes
  }
  return out + "]";
}

template <size_t N>
std::string masked(const Masked<N>& m) {
  return "{ value = \"" + to_hex(m.value) + "\", mask = \"" + to_hex(m.mask) + "\" }";
}

}  // namespace

std::string policy_to_toml(const Policy& policy) {
  const auto itself = [](const std::string& s) { return s; };
  const auto hex = [](const auto& bytes) { return to_hex(bytes); };
  const auto status = [](TcbStatus s) { return name_of(s); };
  std::string out = "format = \"blindai-policy-1\"\n";
  out += "tcb_statuses = " + list(policy.tcb_statuses, status) + "\n";
  out += "advisories = " +
         (policy.advisories.any ? "\"any\"" : list(policy.advisories.values, itself)) + "\n";
  out += "configurations = " +
         (policy.configurations.any ? "\"any\"" : list(policy.configurations.values, hex)) + "\n";
  out += "min_tcb_evaluation_number = " + std::to_string(policy.min_tcb_evaluation_number) + "\n";
  out += "max_evidence_age_s = " + std::to_string(policy.max_evidence_age_s) + "\n";
  out += std::string("allow_debug = ") + (policy.allow_debug ? "true" : "false") + "\n";
  if (policy.sgx.has_value()) {
    const SgxPolicy& sgx = *policy.sgx;
    out += "\n[sgx]\nmr_enclave = " + list(sgx.mr_enclave, hex) + "\n";
    if (sgx.mr_signer.has_value()) out += "mr_signer = \"" + to_hex(*sgx.mr_signer) + "\"\n";
    if (sgx.isv_prod_id.has_value())
      out += "isv_prod_id = " + std::to_string(*sgx.isv_prod_id) + "\n";
    if (sgx.min_isv_svn.has_value())
      out += "min_isv_svn = " + std::to_string(*sgx.min_isv_svn) + "\n";
    if (sgx.misc_select.has_value()) out += "misc_select = " + masked(*sgx.misc_select) + "\n";
    if (sgx.attributes.has_value()) out += "attributes = " + masked(*sgx.attributes) + "\n";
  }
  return out;
}

}  // namespace blindai
