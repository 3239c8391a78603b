#include "lib/attest/dcap_check_specs.h"

namespace blindai {
namespace {

constexpr DcapSpec kTcb[] = {
    untrusted<"sgx", ".tcb.level">(DcapCheck::kTcbLevel,
                                   "Intel knows no such patch level of this platform. The server's "
                                   "microcode and firmware have to be updated."),
    untrusted<"sgx", ".tcb.status">(DcapCheck::kTcbStatus,
                                    "Intel has revoked this platform's patch level. The server's "
                                    "microcode and firmware have to be updated."),
    denied<".tee">(DcapCheck::kPolicyTee,
                   "The policy accepts no SGX enclave. Add a [sgx] section with mr_enclave."),
};

constexpr DcapSpec kPolicy[] = {
    denied<".debug">(DcapCheck::kPolicyDebug,
                     "The enclave is in debug mode: its operator can read its memory. Never use it "
                     "for real data; allow_debug = true accepts it for development."),
    denied<".measurement">(
        DcapCheck::kPolicyMeasurement,
        "The server runs another program than the policy accepts. Check the measurement against a "
        "build of your own before you add it to mr_enclave."),
    denied<".signer">(
        DcapCheck::kPolicySigner,
        "The enclave was signed by another key than the policy asks for (mr_signer)."),
    denied<".product">(DcapCheck::kPolicyProduct,
                       "The enclave is another product than the policy asks for (isv_prod_id)."),
    denied<".svn">(
        DcapCheck::kPolicySvn,
        "The enclave is older than the policy allows (min_isv_svn). The server has to be updated."),
    denied<".misc-select">(DcapCheck::kPolicyMiscSelect,
                           "The enclave's MISCSELECT is not the one the policy asks for."),
    denied<".attributes">(DcapCheck::kPolicyAttributes,
                          "The enclave's ATTRIBUTES are not those the policy asks for."),
};

constexpr std::span<const DcapSpec> kParts[] = {kGenuineSpecs<"sgx">, kTcb, kPlatformPolicySpecs,
                                                kPolicy, kClaimsSpecs};

}  // namespace

const DcapTable& sgx_checks() {
  return DcapTableOf<kParts>::kTable;
}

}  // namespace blindai
