#include "lib/attest/policy.h"

#include "lib/attest/policy_reader.h"

namespace blindai {
namespace {

using Kind = PolicyField::Kind;
using Spec = PolicySpec;

constexpr std::string_view kFormat = "blindai-policy-1";
constexpr int64_t kMaxAge = 366 * 86400;
constexpr Spec kFormatSpec{"format", "format = \"blindai-policy-1\""};
constexpr Spec kStatuses{"tcb_statuses", "tcb_statuses = [\"UpToDate\", \"SWHardeningNeeded\"]"};
constexpr Spec kAdvisories{"advisories", "advisories = [\"INTEL-SA-00615\"], or \"any\""};
constexpr Spec kConfigurations{
    "configurations",
    "configurations = [\"<SHA-256 of the configuration, 64 digits>\"], or \"any\""};
constexpr Spec kMinEvaluation{"min_tcb_evaluation_number", "min_tcb_evaluation_number = 17"};
constexpr Spec kAge{"max_evidence_age_s", "max_evidence_age_s = 86400"};
constexpr Spec kDebug{"allow_debug", "allow_debug = false"};
constexpr Spec kSgx{"sgx", "a [sgx] section with mr_enclave = [\"<measurement>\"]"};
constexpr Spec kSnp{"snp", "a [snp] section with measurement = [\"<measurement>\"]"};
constexpr Spec kNitro{"nitro", "a [nitro] section with pcr0 = [\"<image>\"]"};
constexpr Spec kAzure{"azure", "an [azure] section with the PCRs of the virtual TPM"};
constexpr Spec kTdx{"tdx", "a [tdx] section with mr_td = [\"<measurement>\"] and rtmr0 to rtmr3"};
// BlindAI 0.5 and 0.6. Numbers are hexadecimal text, "0x4".
constexpr Spec kOldMrEnclave{"mr_enclave", "mr_enclave = \"<64 hexadecimal digits>\""};
constexpr Spec kOldMisc{"misc_select_hex", "misc_select_hex = \"0x0\""};
constexpr Spec kOldMiscMask{"misc_mask_hex", "misc_mask_hex = \"0xffffffff\""};
constexpr Spec kOldFlags{"attributes_flags_hex", "attributes_flags_hex = \"0x4\""};
constexpr Spec kOldXfrm{"attributes_xfrm_hex", "attributes_xfrm_hex = \"0x3\""};
constexpr Spec kOldFlagsMask{"attributes_mask_flags_hex",
                             "attributes_mask_flags_hex = \"0xfffffffffffffffd\""};
constexpr Spec kOldXfrmMask{"attributes_mask_xfrm_hex",
                            "attributes_mask_xfrm_hex = \"0xffffffffffffff1b\""};

// Intel alone publishes statuses, advisories and evaluation numbers: a policy needs these fields as
// soon as it accepts SGX or TDX, and may leave them out as long as it does not.
Outcome<void> read_dcap_fields(PolicyTable& r, Policy& out) {
  const bool needed = r.has(kSgx) || r.has(kTdx);
  if (needed || r.has(kStatuses)) {
    ASSIGN_OR_RETURN(const std::vector<std::string> statuses, r.texts(kStatuses, 1));
    for (const std::string& text : statuses) {
      const auto status = parse_tcb_status(text);
      if (!status.has_value() || *status == TcbStatus::kRevoked)
        return policy_bad(kPolicyValue, "", kStatuses,
                          "has " + policy_cited(text) + ", which is not a status to accept");
      out.tcb_statuses.push_back(*status);
    }
  }
  out.advisories.any = r.says_any(kAdvisories);
  if (!out.advisories.any && (needed || r.has(kAdvisories))) {
    ASSIGN_OR_RETURN(out.advisories.values, r.texts(kAdvisories, 0));
    for (const std::string& text : out.advisories.values)
      if (!is_advisory(text))
        return policy_bad(kPolicyValue, "", kAdvisories,
                          "has " + policy_cited(text) + ", which is not an advisory's name");
  }
  if (needed || r.has(kMinEvaluation)) {
    ASSIGN_OR_RETURN(const int64_t evaluation, r.integer(kMinEvaluation, 0, UINT32_MAX));
    out.min_tcb_evaluation_number = static_cast<uint32_t>(evaluation);
  }
  return {};
}

Outcome<Policy> read_policy(const PolicyField& top) {
  PolicyTable r(top, "");
  Policy out;
  ASSIGN_OR_RETURN(const std::string format, r.string(kFormatSpec));
  if (format != kFormat)
    return problem(Code::kInvalid, Id{"policy.format"},
                   "The policy's format is " + policy_cited(format) +
                       ", which this program does not know. It reads " + policy_cited(kFormat) +
                       "; update the program if the policy is newer.");
  RETURN_IF_ERROR(read_dcap_fields(r, out));
  out.configurations.any = r.says_any(kConfigurations);
  if (!out.configurations.any) {
    ASSIGN_OR_RETURN(const std::vector<std::string> hashes, r.texts(kConfigurations, 1));
    for (const std::string& text : hashes) {
      ASSIGN_OR_RETURN(const Sha256Digest one, r.hex_value<32>(kConfigurations, text));
      out.configurations.values.push_back(one);
    }
  }
  ASSIGN_OR_RETURN(out.max_evidence_age_s, r.integer(kAge, 1, kMaxAge));
  if (r.has(kDebug)) {
    ASSIGN_OR_RETURN(out.allow_debug, r.boolean(kDebug));
  }
  if (r.has(kSgx)) {
    ASSIGN_OR_RETURN(const PolicyField* sgx, r.field(kSgx, Kind::kTable, "a section"));
    ASSIGN_OR_RETURN(out.sgx, read_sgx_policy(*sgx));
  }
  if (r.has(kSnp)) {
    ASSIGN_OR_RETURN(const PolicyField* snp, r.field(kSnp, Kind::kTable, "a section"));
    ASSIGN_OR_RETURN(out.snp, read_snp_policy(*snp));
  }
  if (r.has(kNitro)) {
    ASSIGN_OR_RETURN(const PolicyField* nitro, r.field(kNitro, Kind::kTable, "a section"));
    ASSIGN_OR_RETURN(out.nitro, read_nitro_policy(*nitro));
  }
  if (r.has(kTdx)) {
    ASSIGN_OR_RETURN(const PolicyField* tdx, r.field(kTdx, Kind::kTable, "a section"));
    ASSIGN_OR_RETURN(out.tdx, read_tdx_policy(*tdx));
  }
  if (r.has(kAzure)) {
    ASSIGN_OR_RETURN(const PolicyField* azure, r.field(kAzure, Kind::kTable, "a section"));
    ASSIGN_OR_RETURN(out.azure, read_azure_policy(*azure));
  }
  if (!out.sgx.has_value() && !out.tdx.has_value() && !out.snp.has_value() &&
      !out.nitro.has_value())
    return problem(Code::kInvalid, Id{"policy.no-tee"},
                   "The policy accepts no program. Write: " + std::string(kSgx.example) + "; or " +
                       std::string(kTdx.example) + "; or " + std::string(kSnp.example) + ".");
  if (out.azure.has_value() && !out.snp.has_value() && !out.tdx.has_value())
    return problem(Code::kInvalid, Id{"policy.no-tee"},
                   "The policy's section azure judges the virtual TPM of an SEV-SNP guest or a "
                   "trust domain, and accepts neither. Write: " +
                       std::string(kSnp.example) + "; or " + std::string(kTdx.example) + ".");
  RETURN_IF_ERROR(r.finish());
  return out;
}

// "0x4" or "4": at most 2 N digits, stored little-endian at out[from].
template <size_t N, size_t M>
Outcome<void> old_number(PolicyTable& r, const Spec& spec, ByteArray<M>& out, size_t from) {
  ASSIGN_OR_RETURN(std::string digits, r.string(spec));
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.erase(0, 2);
  if (!digits.empty() && digits.size() < 2 * N) digits.insert(0, 2 * N - digits.size(), '0');
  const auto value = array_from_hex<N>(digits);
  if (!value.has_value())
    return policy_bad(kPolicyValue, "", spec,
                      "has to be a hexadecimal number of " + std::to_string(8 * N) + " bits");
  std::reverse_copy(value->begin(), value->end(), out.begin() + static_cast<ptrdiff_t>(from));
  return {};
}

Outcome<Policy> read_original(const PolicyField& top) {
  PolicyTable r(top, "");
  Policy out;
  SgxPolicy& sgx = out.sgx.emplace();
  ASSIGN_OR_RETURN(const ByteArray<32> measurement, r.hex<32>(kOldMrEnclave));
  sgx.mr_enclave = {measurement};
  Masked<4> misc{};
  RETURN_IF_ERROR(old_number<4>(r, kOldMisc, misc.value, 0));
  RETURN_IF_ERROR(old_number<4>(r, kOldMiscMask, misc.mask, 0));
  ASSIGN_OR_RETURN(sgx.misc_select, r.checked(kOldMisc, misc));
  Masked<16> attributes{};
  RETURN_IF_ERROR(old_number<8>(r, kOldFlags, attributes.value, 0));
  RETURN_IF_ERROR(old_number<8>(r, kOldXfrm, attributes.value, 8));
  RETURN_IF_ERROR(old_number<8>(r, kOldFlagsMask, attributes.mask, 0));
  RETURN_IF_ERROR(old_number<8>(r, kOldXfrmMask, attributes.mask, 8));
  // The original's clients add INIT, which every running enclave has, to the flags they compare
  // with.
  attributes.value[0] |= 1;
  ASSIGN_OR_RETURN(sgx.attributes, r.checked(kOldFlags, attributes));
  ASSIGN_OR_RETURN(out.allow_debug, r.boolean(kDebug));
  RETURN_IF_ERROR(r.finish());
  // What the file cannot say, as the original's clients have it.
  out.tcb_statuses = {TcbStatus::kUpToDate, TcbStatus::kSwHardeningNeeded};
  out.advisories.any = true;
  out.configurations.any = true;
  out.min_tcb_evaluation_number = 0;
  out.max_evidence_age_s = 86400;
  return out;
}

}  // namespace

Outcome<Policy> policy_from_toml(std::string_view text) {
  ASSIGN_OR_RETURN(const PolicyField top, policy_fields_from_toml(text));
  return read_policy(top);
}

Outcome<Policy> policy_from_json(std::string_view text) {
  ASSIGN_OR_RETURN(const PolicyField top, policy_fields_from_json(text));
  return read_policy(top);
}

Outcome<Policy> policy_from_original_toml(std::string_view text) {
  ASSIGN_OR_RETURN(const PolicyField top, policy_fields_from_toml(text));
  return read_original(top);
}

Outcome<Policy> parse_policy(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') return policy_from_json(text);
  ASSIGN_OR_RETURN(const PolicyField top, policy_fields_from_toml(text));
  return top.find("format") == nullptr && top.find("mr_enclave") != nullptr ? read_original(top)
                                                                            : read_policy(top);
}

}  // namespace blindai
