#include "client/cpp/azure_file.h"

#include <filesystem>
#include <fstream>

#include "client/cpp/attestation.h"
#include "lib/attest/azure_vtpm.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr size_t kMaxTpmFile = 64 * 1024;

Problem missing(const std::string& what) {
  return Problem(
      Code::kNotFound, "azure.files",
      "An HCL report is judged together with its virtual TPM's quote: provide " + what + ".");
}

Outcome<Bytes> read_part(const EvidenceInputs& inputs, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(inputs.tpm_folder) / name;
  std::error_code ignored;
  if (inputs.tpm_folder.empty() || !std::filesystem::is_regular_file(path, ignored))
    return std::unexpected(
        missing("quote.msg, quote.sig, pcrs.bin and, of a trust domain, td_quote.bin in a folder "
                "(--tpm DIR; tpm= in Python); " +
                name + " is not there"));
  std::ifstream in(path, std::ios::binary);
  Bytes out(kMaxTpmFile + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (in.bad() || in.gcount() <= 0)
    return problem(Code::kUnavailable, "azure.files",
                   "\"" + path.string() + "\" cannot be read, or is empty; check its permissions.");
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > kMaxTpmFile)
    return problem(Code::kTooLarge, "azure.files",
                   "\"" + path.string() + "\" is larger than any such file; give another one.");
  return out;
}

Outcome<AzureVmEvidence> read_vm(BytesView hcl_report, Tee tee, const EvidenceInputs& inputs) {
  AzureVmEvidence out;
  out.vtpm.hcl_report = to_bytes(hcl_report);
  ASSIGN_OR_RETURN(out.vtpm.quote.message, read_part(inputs, "quote.msg"));
  ASSIGN_OR_RETURN(out.vtpm.quote.signature, read_part(inputs, "quote.sig"));
  ASSIGN_OR_RETURN(const Bytes pcrs, read_part(inputs, "pcrs.bin"));
  if (tee == Tee::kTdx) {
    ASSIGN_OR_RETURN(out.td_quote, read_part(inputs, "td_quote.bin"));
  }
  ByteArray<32> value;
  if (pcrs.size() % value.size() != 0 || pcrs.size() > kNumPcrs * value.size())
    return problem(Code::kMalformed, "azure.files",
                   "pcrs.bin has to hold the values of 1 to 24 PCRs, 32 bytes each; read them from "
                   "the SHA-256 bank.");
  for (size_t at = 0; at < pcrs.size(); at += value.size()) {
    std::copy_n(pcrs.begin() + static_cast<ptrdiff_t>(at), value.size(), value.begin());
    out.vtpm.quote.pcrs.push_back(value);
  }
  return out;
}

}  // namespace

Outcome<void> judge_azure(BytesView hcl_report, const EvidenceInputs& inputs,
                          JudgedEvidence& seen) {
  if (inputs.claims.has_value())
    return problem(Code::kInvalid, "client.inputs",
                   "An HCL report brings its claims along; do not give others.");
  ASSIGN_OR_RETURN(const HclReport hcl, parse_hcl_report(hcl_report));
  const Tee tee = hcl.report_type == kHclReportTdx ? Tee::kTdx : Tee::kSnp;
  ASSIGN_OR_RETURN(const AzureVmEvidence vm, read_vm(hcl_report, tee, inputs));
  if (!inputs.nonce.has_value())
    return std::unexpected(
        missing("the nonce that the quote was asked for with (--nonce HEX; nonce= in Python)"));
  ASSIGN_OR_RETURN(const Collateral collateral, collateral_of(inputs, tee));
  ASSIGN_OR_RETURN(
      const AzureVmVerification v,
      verify_azure_vm(vm, {*inputs.nonce, {}}, collateral, inputs.policy,
                      inputs.simulation ? simulation_roots() : production_roots(), inputs.at));
  seen.verification = v.hardware();
  if (v.vtpm() != nullptr) {
    const auto checks = v.vtpm()->checks();
    seen.channel.assign(checks.begin(), checks.end());
  }
  if (v.ok()) return {};
  return std::unexpected(v.problem());
}

}  // namespace blindai
