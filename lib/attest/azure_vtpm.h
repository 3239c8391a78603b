// An Azure confidential VM's virtual TPM: from a TEE's verified evidence to the TPM's key, and from
// that key to what the VM booted. The TEE's own measurement is of Microsoft's paravisor alone; the
// operating system and what it runs are in the TPM's PCRs.
//
//   ASSIGN_OR_RETURN(const HclReport hcl, parse_hcl_report(nv_01400001));
//   // SEV-SNP: the report is in there. TDX: the quote comes from the VM's metadata service.
//   const Evidence evidence{Tee::kSnp, to_bytes(hcl.hardware_report)};
//   const Verification v = verify(evidence, hcl.runtime_data, collateral, policy, roots, now);
//   if (!v.ok()) …
//   const auto vtpm = verify_azure_vtpm(*v.evidence(), {nv_01400001, quote}, {nonce}, azure);
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

// What is accepted. The default accepts nothing.
struct AzurePolicy {
  TpmPolicy tpm;
  bool require_secure_boot = true;

  bool operator==(const AzurePolicy&) const = default;
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

}  // namespace blindai
