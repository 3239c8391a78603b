#include "lib/attest/azure_vtpm.h"

#include "lib/attest/check_text.h"
#include "lib/attest/judging.h"
#include "lib/attest/tpm_verification.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// In the order in which they are judged and listed.
enum class AzureCheck : uint8_t {
  kLayout,
  kMagic,
  kVersion,
  kRequestType,
  kReportType,
  kHashType,
  kReport,
  kBinding,
  kRuntimeLayout,
  kKeyUse,
  kTpm,
  kSecureBoot,
  kUserData,
  kCount,
};

constexpr CheckSpec kSpecs[] = {
    {{"azure.hcl.layout",
      "The HCL report is cut short, its lengths disagree or something follows it. Read NV index "
      "0x01400001 again, whole."},
     Code::kMalformed},
    {{"azure.hcl.magic",
      "This is not an HCL report. Read NV index 0x01400001 of an Azure confidential VM."},
     Code::kUntrusted},
    {{"azure.hcl.version", "The HCL report is of a version not known here. Update this program."},
     Code::kUntrusted},
    {{"azure.hcl.request-type",
      "The HCL report is not one about the attestation key. Read NV index 0x01400001."},
     Code::kUntrusted},
    {{"azure.hcl.report-type",
      "The HCL report is of another kind of TEE than the evidence that was verified."},
     Code::kUntrusted},
    {{"azure.hcl.hash-type", "Only HCL reports whose data are bound with SHA-256 are accepted."},
     Code::kUntrusted},
    {{"azure.hcl.report",
      "The HCL report and the evidence are of different machines or times. Fetch both together."},
     Code::kUntrusted},
    {{"azure.runtime.binding",
      "The TEE does not vouch for the HCL report's runtime data, so its key may be anybody's. Do "
      "not trust this machine."},
     Code::kUntrusted},
    {{"azure.runtime.layout",
      "The runtime data lack something or are of a form not known here. Update this program."},
     Code::kMalformed},
    {{"azure.runtime.key-use",
      "The virtual TPM's key is not one for signing alone. The VM's firmware is too old: redeploy "
      "it."},
     Code::kUntrusted},
    {{"azure.runtime.tpm",
      "The VM runs without a virtual TPM of its own. Redeploy it as a confidential VM with vTPM."},
     Code::kUntrusted},
    {{"policy.secure-boot",
      "The VM boots without secure boot, and the policy asks for it. Redeploy it with secure "
      "boot."},
     Code::kDenied},
    {{"azure.runtime.user-data",
      "The report was not made over the caller's user data. Have the VM write them to NV index "
      "0x01400002, then read the report again."},
     Code::kUntrusted},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(AzureCheck::kCount));

// Source: OpenVMM, openhcl_attestation_protocol: IGVM_ATTEST request header, AK_CERT_REQUEST.
constexpr ByteArray<4> kMagic = {'H', 'C', 'L', 'A'};
constexpr uint32_t kMinVersion = 1;
constexpr uint32_t kMaxVersion = 2;
constexpr uint32_t kAkCertRequest = 2;
constexpr uint32_t kRuntimeVersion = 1;

constexpr Id kNoSection{"policy.azure",
                        "The policy says nothing of the VM's virtual TPM. Add a section [azure] "
                        "with its PCRs."};

std::string yes_no(bool yes) {
  return yes ? "yes" : "no";
}

}  // namespace

class AzureVtpmVerification {
 public:
  AzureVtpmVerification(const VerifiedEvidence& evidence, const AzureVtpmEvidence& vtpm,
                        const AzureVtpmQuestion& question, const AzurePolicy& policy)
      : evidence_(evidence), vtpm_(vtpm), question_(question), policy_(policy), book_(kSpecs) {}

  Checked<VerifiedAzureVtpm> run() && {
    const size_t tpm = book_.append(tpm_check_specs());
    std::optional<VerifiedAzureVtpm> out;
    if (report() && binding() && runtime()) {
      auto quote = TpmQuoteVerification(book_, tpm)
                       .run(vtpm_.quote, runtime_->attestation_key, question_.nonce, policy_.tpm);
      if (quote.has_value())
        out.emplace(VerifiedAzureVtpm::Passkey(), *std::move(quote), *std::move(runtime_));
    }
    return std::move(book_).finish(std::move(out));
  }

 private:
  using C = AzureCheck;

  bool mark(C check, bool passed, std::string expected, std::string found) {
    return book_.mark(static_cast<size_t>(check), passed, std::move(expected), std::move(found));
  }

  bool report() {
    auto parsed = parse_hcl_report(vtpm_.hcl_report);
    mark(C::kLayout, parsed.has_value(), "an HCL report",
         std::string(parsed.has_value() ? "an HCL report" : parsed.error().name()));
    if (!parsed.has_value()) return false;
    hcl_ = *parsed;
    const bool magic = mark(C::kMagic, hcl_.magic == kMagic, to_hex(kMagic), to_hex(hcl_.magic));
    const bool version =
        mark(C::kVersion,
             hcl_.version >= kMinVersion && hcl_.version <= kMaxVersion &&
                 hcl_.runtime_version == kRuntimeVersion,
             "1 or 2, runtime data 1",
             number(hcl_.version) + ", runtime data " + number(hcl_.runtime_version));
    const bool request = mark(C::kRequestType, hcl_.request_type == kAkCertRequest,
                              number(kAkCertRequest), number(hcl_.request_type));
    const uint32_t wanted = evidence_.tee() == Tee::kSnp   ? kHclReportSnp
                            : evidence_.tee() == Tee::kTdx ? kHclReportTdx
                                                           : 0;
    const bool type = mark(C::kReportType, wanted != 0 && hcl_.report_type == wanted,
                           wanted == 0 ? "2 or 4" : number(wanted), number(hcl_.report_type));
    const bool hash = mark(C::kHashType, hcl_.hash_type == kHclSha256, number(kHclSha256),
                           number(hcl_.hash_type));
    return magic && version && request && type && hash;
  }

  bool binding() {
    const ByteArray<64> data = *hcl_.report_data();
    const ByteArray<48> measured = *hcl_.measurement();
    const bool same = data == evidence_.report_data() && equal(measured, evidence_.measurement());
    mark(C::kReport, same,
         to_hex(evidence_.report_data()) + " in " + to_hex(evidence_.measurement()),
         to_hex(data) + " in " + to_hex(measured));
    const ByteArray<64> bound = vouching_for(sha256(hcl_.runtime_data));
    const bool vouched = mark(C::kBinding, bound == evidence_.report_data(), to_hex(bound),
                              to_hex(evidence_.report_data()));
    return same && vouched;
  }

  bool runtime() {
    auto parsed = parse_hcl_runtime(as_text(hcl_.runtime_data));
    mark(C::kRuntimeLayout, parsed.has_value(), "runtime data with an attestation key",
         std::string(parsed.has_value() ? "runtime data with an attestation key"
                                        : parsed.error().name()));
    if (!parsed.has_value()) return false;
    runtime_ = *std::move(parsed);
    const bool use = mark(C::kKeyUse, runtime_->attestation_key_signs, "sign only",
                          runtime_->attestation_key_signs ? "sign only" : "other operations");
    mark(C::kTpm, runtime_->tpm_enabled, "yes", yes_no(runtime_->tpm_enabled));
    mark(C::kSecureBoot, runtime_->secure_boot || !policy_.require_secure_boot,
         policy_.require_secure_boot ? "yes" : "yes or no", yes_no(runtime_->secure_boot));
    user_data();
    return use;
  }

  void user_data() {
    const std::string found =
        runtime_->user_data.has_value() ? to_hex(*runtime_->user_data) : "none";
    if (!question_.user_data.has_value()) {
      mark(C::kUserData, true, "any (the caller asked for none)", found);
      return;
    }
    ByteArray<64> wanted{};
    const BytesView asked = *question_.user_data;
    const bool fits = !asked.empty() && asked.size() <= wanted.size();
    if (fits) std::copy(asked.begin(), asked.end(), wanted.begin());
    mark(C::kUserData, fits && runtime_->user_data == wanted,
         fits ? to_hex(wanted) : "1 to 64 bytes from the caller", found);
  }

  const VerifiedEvidence& evidence_;
  const AzureVtpmEvidence& vtpm_;
  const AzureVtpmQuestion& question_;
  const AzurePolicy& policy_;
  CheckBook book_;
  HclReport hcl_{};
  std::optional<HclRuntime> runtime_;
};

Checked<VerifiedAzureVtpm> verify_azure_vtpm(const VerifiedEvidence& evidence,
                                             const AzureVtpmEvidence& vtpm,
                                             const AzureVtpmQuestion& question,
                                             const AzurePolicy& policy) {
  return AzureVtpmVerification(evidence, vtpm, question, policy).run();
}

Result<AzureVmVerification> verify_azure_vm(const AzureVmEvidence& vm,
                                            const AzureVtpmQuestion& question,
                                            const Collateral& collateral, const Policy& policy,
                                            const TrustRoots& roots, Time now) {
  if (!policy.azure.has_value()) return fail(Code::kDenied, kNoSection);
  ASSIGN_OR_RETURN(const HclReport hcl, parse_hcl_report(vm.vtpm.hcl_report));
  Evidence evidence{Tee::kTdx, vm.td_quote};
  if (hcl.report_type == kHclReportSnp)
    evidence = {Tee::kSnp, to_bytes(hcl.hardware_report)};
  else if (hcl.report_type != kHclReportTdx)
    return fail(Code::kUntrusted, kSpecs[static_cast<size_t>(AzureCheck::kReportType)].id);
  // The section is judged below; verify() by itself could only refuse over it.
  Policy of_hardware = policy;
  of_hardware.azure.reset();
  Verification hardware = verify(evidence, hcl.runtime_data, collateral, of_hardware, roots, now);
  std::optional<Checked<VerifiedAzureVtpm>> vtpm;
  if (hardware.ok())
    vtpm = verify_azure_vtpm(*hardware.evidence(), vm.vtpm, question, *policy.azure);
  return AzureVmVerification(std::move(hardware), std::move(vtpm));
}

}  // namespace blindai
