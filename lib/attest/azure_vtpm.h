// An Azure confidential VM's virtual TPM: from a TEE's verified evidence to the TPM's key, and from
// that key to what the VM booted. The TEE's own measurement is of Microsoft's paravisor alone; the
// operating system and what it runs are in the TPM's PCRs.
//
//   AzureVmEvidence vm{{nv_01400001, quote}, td_quote};
//   ASSIGN_OR_RETURN(const AzureVmVerification v,
//                    verify_azure_vm(vm, {nonce}, collateral, policy, roots, now));
//   if (!v.ok()) return std::unexpected(v.problem());
//   use(*v.vtpm()->value());
//
// docs/attestation-azure.md lists the checks with their sources.   Pure.
#pragma once

#include "lib/attest/hcl_report.h"
#include "lib/attest/tpm_quote.h"
#include "lib/attest/verify.h"

namespace blindai {

// Unverified.
struct AzureVtpmEvidence {
  Bytes hcl_report;  // the content of NV index 01400001h
  TpmQuoteEvidence quote;
};

// What this caller asked for. Borrowed for the call.
struct AzureVtpmQuestion {
  BytesView nonce;  // the quote's; not empty
  // What the guest was to write to NV index 01400002h before it read the report: at most 64 bytes,
  // which zeros follow. Absent: not asked for.
  std::optional<BytesView> user_data = {};
};

// What verify_azure_vtpm() found true: `quote` comes from the virtual TPM inside the very VM that
// the TEE's evidence is of.
class VerifiedAzureVtpm {
 public:
  // Passkey: only the verifier can name a value of it.
  class Passkey {
    Passkey() = default;
    friend class AzureVtpmVerification;
  };
  VerifiedAzureVtpm(Passkey, VerifiedTpmQuote quote, HclRuntime runtime)
      : quote_(std::move(quote)), runtime_(std::move(runtime)) {}

  const VerifiedTpmQuote& quote() const { return quote_; }
  const RsaPublicKey& attestation_key() const { return runtime_.attestation_key; }
  const std::string& vm_id() const { return runtime_.vm_id; }
  bool secure_boot() const { return runtime_.secure_boot; }
  // Zeros when the guest wrote none.
  const std::optional<ByteArray<64>>& user_data() const { return runtime_.user_data; }

 private:
  VerifiedTpmQuote quote_;
  HclRuntime runtime_;
};

// `evidence` is what verify() made of the VM's SNP report or TD quote, with the HCL report's
// runtime data as claims. The checks begin with "azure."; those of verify_tpm_quote() follow.
Checked<VerifiedAzureVtpm> verify_azure_vtpm(const VerifiedEvidence& evidence,
                                             const AzureVtpmEvidence& vtpm,
                                             const AzureVtpmQuestion& question,
                                             const AzurePolicy& policy);

// Unverified. All that an Azure confidential VM shows.
struct AzureVmEvidence {
  AzureVtpmEvidence vtpm;
  // Of a trust domain, from the VM's metadata service. An SNP guest's report is in the HCL report.
  Bytes td_quote = {};
};

// Both verdicts. `vtpm` is null as long as the hardware's evidence is not in order.
class AzureVmVerification {
 public:
  AzureVmVerification(Verification hardware, std::optional<Checked<VerifiedAzureVtpm>> vtpm)
      : hardware_(std::move(hardware)), vtpm_(std::move(vtpm)) {}

  bool ok() const { return vtpm_.has_value() && vtpm_->ok(); }
  const Verification& hardware() const { return hardware_; }
  const Checked<VerifiedAzureVtpm>* vtpm() const { return vtpm_.has_value() ? &*vtpm_ : nullptr; }
  // The first failure. Requires !ok().
  Problem problem() const { return vtpm_.has_value() ? vtpm_->problem() : hardware_.problem(); }

 private:
  Verification hardware_;
  std::optional<Checked<VerifiedAzureVtpm>> vtpm_;
};

// verify() of the hardware's evidence with the runtime data as claims, by the policy's section of
// that TEE; then verify_azure_vtpm() by its section of Azure. Errors: those of parse_hcl_report();
// kUntrusted "azure.hcl.report-type" for a report of no TEE that has a virtual TPM; kDenied
// "policy.azure" for a policy without that section.
Result<AzureVmVerification> verify_azure_vm(const AzureVmEvidence& vm,
                                            const AzureVtpmQuestion& question,
                                            const Collateral& collateral, const Policy& policy,
                                            const TrustRoots& roots, Time now);

}  // namespace blindai
