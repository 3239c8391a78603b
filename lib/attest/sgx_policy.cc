#include "lib/attest/dcap_verification.h"

namespace blindai {

void DcapVerification::sgx_policy(const SgxReport& report) {
  const SgxPolicy& sgx = *policy_.sgx;
  one_of(C::kPolicyMeasurement, sgx.mr_enclave, report.mr_enclave);
  same_if(C::kPolicySigner, sgx.mr_signer, report.mr_signer);
  mark(C::kPolicyProduct, sgx.isv_prod_id.value_or(report.isv_prod_id) == report.isv_prod_id,
       sgx.isv_prod_id.has_value() ? number(*sgx.isv_prod_id) : text(kUnrestricted),
       number(report.isv_prod_id));
  mark(C::kPolicySvn, report.isv_svn >= sgx.min_isv_svn.value_or(0),
       sgx.min_isv_svn.has_value() ? "at least " + number(*sgx.min_isv_svn) : text(kUnrestricted),
       number(report.isv_svn));
  same_if(C::kPolicyMiscSelect, sgx.misc_select, report.misc_select);
  same_if(C::kPolicyAttributes, sgx.attributes, report.attributes);
}

}  // namespace blindai
