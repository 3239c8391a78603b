#include "lib/attest/policy.h"

#include "lib/attest/policy_fields.h"

namespace blindai {
namespace {

using Kind = PolicyField::Kind;

constexpr std::string_view kFormat = "blindai-policy-1";
constexpr int64_t kMaxAge = 366 * 86400;
constexpr size_t kMaxList = 4096;

constexpr Id kMissing{"policy.missing"};
constexpr Id kUnknown{"policy.unknown-field"};
constexpr Id kType{"policy.type"};
constexpr Id kValue{"policy.value"};

// One field of the format: its name, and what to write for it.
struct Spec {
  std::string_view name;
  std::string_view example;
};
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
constexpr Spec kMrEnclave{"mr_enclave", "mr_enclave = [\"<measurement, 64 hexadecimal digits>\"]"};
constexpr Spec kMrSigner{"mr_signer", "mr_signer = \"<64 hexadecimal digits>\""};
constexpr Spec kProdId{"isv_prod_id", "isv_prod_id = 0"};
constexpr Spec kMinSvn{"min_isv_svn", "min_isv_svn = 1"};
constexpr Spec kMiscSelect{"misc_select",
                           "misc_select = { value = \"00000000\", mask = \"ffffffff\" }"};
constexpr Spec kAttributes{"attributes",
                           "attributes = { value = \"<32 digits>\", mask = \"<32 digits>\" }"};
constexpr Spec kMaskValue{"value", "value = \"<hexadecimal digits>\""};
constexpr Spec kMaskMask{"mask", "mask = \"<hexadecimal digits>\""};

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

std::string cited(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

std::unexpected<Problem> bad(Id id, const std::string& where, const Spec& spec,
                             std::string_view what) {
  return problem(Code::kInvalid, id,
                 "In the policy" + where + ", " + cited(spec.name) + " " + std::string(what) +
                     ". Write: " + std::string(spec.example) + ".");
}

// Reads a table field by field and, at the end, refuses those nobody asked for.
class TableReader {
 public:
  // `where`: " (section sgx)" or nothing, for sentences.
  TableReader(const PolicyField& table, std::string where)
      : table_(table), where_(std::move(where)) {}

  bool has(const Spec& spec) const { return table_.find(spec.name) != nullptr; }

  Outcome<const PolicyField*> field(const Spec& spec, Kind kind, std::string_view kind_name) {
    asked_.push_back(spec.name);
    const PolicyField* found = table_.find(spec.name);
    if (found == nullptr) return bad(kMissing, where_, spec, "is missing");
    if (found->kind != kind) return bad(kType, where_, spec, "has to be " + std::string(kind_name));
    return found;
  }
  Outcome<std::string> string(const Spec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, Kind::kString, "text in quotes"));
    return found->string;
  }
  Outcome<int64_t> integer(const Spec& spec, int64_t min, int64_t max) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, Kind::kInteger, "a whole number"));
    if (found->integer < min || found->integer > max)
      return bad(kValue, where_, spec,
                 "has to be from " + std::to_string(min) + " to " + std::to_string(max));
    return found->integer;
  }
  Outcome<bool> boolean(const Spec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, Kind::kBoolean, "true or false"));
    return found->boolean;
  }
  template <size_t N>
  Outcome<ByteArray<N>> hex(const Spec& spec) {
    ASSIGN_OR_RETURN(const std::string text, string(spec));
    return hex_value<N>(spec, text);
  }
  template <size_t N>
  Outcome<ByteArray<N>> hex_value(const Spec& spec, std::string_view text) const {
    const auto value = array_from_hex<N>(text);
    if (!value.has_value())
      return bad(kValue, where_, spec,
                 "needs " + std::to_string(2 * N) + " hexadecimal digits, and has " + cited(text));
    return *value;
  }
  // A list of texts.
  Outcome<std::vector<std::string>> texts(const Spec& spec, size_t at_least) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, Kind::kList, "a list"));
    if (found->children.size() < at_least || found->children.size() > kMaxList)
      return bad(kValue, where_, spec,
                 found->children.empty() ? "is an empty list, which nothing can satisfy"
                                         : "is too long a list");
    std::vector<std::string> out;
    for (const PolicyField& entry : found->children) {
      if (entry.kind != Kind::kString) return bad(kType, where_, spec, "has to be a list of texts");
      out.push_back(entry.string);
    }
    return out;
  }
  bool says_any(const Spec& spec) {
    const PolicyField* found = table_.find(spec.name);
    if (found == nullptr || found->kind != Kind::kString || found->string != "any") return false;
    asked_.push_back(spec.name);
    return true;
  }
  template <size_t N>
  Outcome<Masked<N>> masked(const Spec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, Kind::kTable, "a table"));
    TableReader inner(*found, where_ + ", " + cited(spec.name));
    Masked<N> out;
    ASSIGN_OR_RETURN(out.value, inner.hex<N>(kMaskValue));
    ASSIGN_OR_RETURN(out.mask, inner.hex<N>(kMaskMask));
    RETURN_IF_ERROR(inner.finish());
    return checked(spec, out);
  }
  template <size_t N>
  Outcome<Masked<N>> checked(const Spec& spec, const Masked<N>& out) const {
    for (size_t i = 0; i < N; ++i)
      if ((out.value[i] & ~out.mask[i]) != 0)
        return bad(kValue, where_, spec, "has a bit outside its mask, which nothing can satisfy");
    return out;
  }
  Outcome<void> finish() const {
    for (const PolicyField& f : table_.children) {
      if (std::find(asked_.begin(), asked_.end(), f.name) != asked_.end()) continue;
      return problem(Code::kInvalid, kUnknown,
                     "The policy" + where_ + " has a field " + cited(f.name) +
                         " that this program does not know. Correct its spelling or remove it: a "
                         "restriction that is not understood must not be skipped.");
    }
    return {};
  }

 private:
  const PolicyField& table_;
  std::string where_;
  std::vector<std::string_view> asked_;
};

Outcome<SgxPolicy> read_sgx(const PolicyField& table) {
  TableReader r(table, " (section sgx)");
  SgxPolicy out;
  ASSIGN_OR_RETURN(const std::vector<std::string> measurements, r.texts(kMrEnclave, 1));
  for (const std::string& text : measurements) {
    ASSIGN_OR_RETURN(const ByteArray<32> one, r.hex_value<32>(kMrEnclave, text));
    out.mr_enclave.push_back(one);
  }
  if (r.has(kMrSigner)) {
    ASSIGN_OR_RETURN(out.mr_signer, r.hex<32>(kMrSigner));
  }
  if (r.has(kProdId)) {
    ASSIGN_OR_RETURN(const int64_t id, r.integer(kProdId, 0, UINT16_MAX));
    out.isv_prod_id = static_cast<uint16_t>(id);
  }
  if (r.has(kMinSvn)) {
    ASSIGN_OR_RETURN(const int64_t svn, r.integer(kMinSvn, 0, UINT16_MAX));
    out.min_isv_svn = static_cast<uint16_t>(svn);
  }
  if (r.has(kMiscSelect)) {
    ASSIGN_OR_RETURN(out.misc_select, r.masked<4>(kMiscSelect));
  }
  if (r.has(kAttributes)) {
    ASSIGN_OR_RETURN(out.attributes, r.masked<16>(kAttributes));
  }
  RETURN_IF_ERROR(r.finish());
  return out;
}

Outcome<Policy> read_policy(const PolicyField& top) {
  TableReader r(top, "");
  Policy out;
  ASSIGN_OR_RETURN(const std::string format, r.string(kFormatSpec));
  if (format != kFormat)
    return problem(Code::kInvalid, Id{"policy.format"},
                   "The policy's format is " + cited(format) +
                       ", which this program does not know. It reads " + cited(kFormat) +
                       "; update the program if the policy is newer.");
  ASSIGN_OR_RETURN(const std::vector<std::string> statuses, r.texts(kStatuses, 1));
  for (const std::string& text : statuses) {
    const auto status = parse_tcb_status(text);
    if (!status.has_value() || *status == TcbStatus::kRevoked)
      return bad(kValue, "", kStatuses, "has " + cited(text) + ", which is not a status to accept");
    out.tcb_statuses.push_back(*status);
  }
  out.advisories.any = r.says_any(kAdvisories);
  if (!out.advisories.any) {
    ASSIGN_OR_RETURN(out.advisories.values, r.texts(kAdvisories, 0));
  }
  out.configurations.any = r.says_any(kConfigurations);
  if (!out.configurations.any) {
    ASSIGN_OR_RETURN(const std::vector<std::string> hashes, r.texts(kConfigurations, 1));
    for (const std::string& text : hashes) {
      ASSIGN_OR_RETURN(const Sha256Digest one, r.hex_value<32>(kConfigurations, text));
      out.configurations.values.push_back(one);
    }
  }
  ASSIGN_OR_RETURN(const int64_t evaluation, r.integer(kMinEvaluation, 0, UINT32_MAX));
  out.min_tcb_evaluation_number = static_cast<uint32_t>(evaluation);
  ASSIGN_OR_RETURN(out.max_evidence_age_s, r.integer(kAge, 1, kMaxAge));
  if (r.has(kDebug)) {
    ASSIGN_OR_RETURN(out.allow_debug, r.boolean(kDebug));
  }
  if (!r.has(kSgx))
    return problem(Code::kInvalid, Id{"policy.no-tee"},
                   "The policy accepts no program. Write: " + std::string(kSgx.example) + ".");
  ASSIGN_OR_RETURN(const PolicyField* sgx, r.field(kSgx, Kind::kTable, "a section"));
  ASSIGN_OR_RETURN(out.sgx, read_sgx(*sgx));
  RETURN_IF_ERROR(r.finish());
  return out;
}

// "0x4" or "4": at most 2 N digits, stored little-endian at out[from].
template <size_t N, size_t M>
Outcome<void> old_number(TableReader& r, const Spec& spec, ByteArray<M>& out, size_t from) {
  ASSIGN_OR_RETURN(std::string digits, r.string(spec));
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.erase(0, 2);
  if (!digits.empty() && digits.size() < 2 * N) digits.insert(0, 2 * N - digits.size(), '0');
  const auto value = array_from_hex<N>(digits);
  if (!value.has_value())
    return bad(kValue, "", spec,
               "has to be a hexadecimal number of " + std::to_string(8 * N) + " bits");
  std::reverse_copy(value->begin(), value->end(), out.begin() + static_cast<ptrdiff_t>(from));
  return {};
}

Outcome<Policy> read_original(const PolicyField& top) {
  TableReader r(top, "");
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
