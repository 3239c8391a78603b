// Reads the tables of a policy file. Private to the policy readers: policy.cc has the top of the
// format, policy_sgx.cc and its neighbours one section each.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "lib/attest/policy.h"
#include "lib/attest/policy_fields.h"

namespace blindai {

inline constexpr size_t kMaxPolicyList = 4096;

inline constexpr Id kPolicyMissing{"policy.missing"};
inline constexpr Id kPolicyUnknownField{"policy.unknown-field"};
inline constexpr Id kPolicyType{"policy.type"};
inline constexpr Id kPolicyValue{"policy.value"};

// One field of the format: its name, and what to write for it.
struct PolicySpec {
  std::string_view name;
  std::string_view example;
};
inline constexpr PolicySpec kPolicyMaskValue{"value", "value = \"<hexadecimal digits>\""};
inline constexpr PolicySpec kPolicyMaskMask{"mask", "mask = \"<hexadecimal digits>\""};

inline std::string policy_cited(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

inline std::unexpected<Problem> policy_bad(Id id, const std::string& where, const PolicySpec& spec,
                                           std::string_view what) {
  return problem(Code::kInvalid, id,
                 "In the policy" + where + ", " + policy_cited(spec.name) + " " +
                     std::string(what) + ". Write: " + std::string(spec.example) + ".");
}

// Reads a table field by field and, at the end, refuses those nobody asked for.
class PolicyTable {
 public:
  // `where`: " (section sgx)" or nothing, for sentences.
  PolicyTable(const PolicyField& table, std::string where)
      : table_(table), where_(std::move(where)) {}

  bool has(const PolicySpec& spec) const { return table_.find(spec.name) != nullptr; }

  Outcome<const PolicyField*> field(const PolicySpec& spec, PolicyField::Kind kind,
                                    std::string_view kind_name) {
    asked_.push_back(spec.name);
    const PolicyField* found = table_.find(spec.name);
    if (found == nullptr) return policy_bad(kPolicyMissing, where_, spec, "is missing");
    if (found->kind != kind)
      return policy_bad(kPolicyType, where_, spec, "has to be " + std::string(kind_name));
    return found;
  }
  Outcome<std::string> string(const PolicySpec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found,
                     field(spec, PolicyField::Kind::kString, "text in quotes"));
    return found->string;
  }
  Outcome<int64_t> integer(const PolicySpec& spec, int64_t min, int64_t max) {
    ASSIGN_OR_RETURN(const PolicyField* found,
                     field(spec, PolicyField::Kind::kInteger, "a whole number"));
    if (found->integer < min || found->integer > max)
      return policy_bad(kPolicyValue, where_, spec,
                        "has to be from " + std::to_string(min) + " to " + std::to_string(max));
    return found->integer;
  }
  Outcome<bool> boolean(const PolicySpec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found,
                     field(spec, PolicyField::Kind::kBoolean, "true or false"));
    return found->boolean;
  }
  template <size_t N>
  Outcome<ByteArray<N>> hex(const PolicySpec& spec) {
    ASSIGN_OR_RETURN(const std::string text, string(spec));
    return hex_value<N>(spec, text);
  }
  template <size_t N>
  Outcome<ByteArray<N>> hex_value(const PolicySpec& spec, std::string_view text) const {
    const auto value = array_from_hex<N>(text);
    if (!value.has_value())
      return policy_bad(
          kPolicyValue, where_, spec,
          "needs " + std::to_string(2 * N) + " hexadecimal digits, and has " + policy_cited(text));
    return *value;
  }
  // A list of texts.
  Outcome<std::vector<std::string>> texts(const PolicySpec& spec, size_t at_least) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, PolicyField::Kind::kList, "a list"));
    if (found->children.size() < at_least || found->children.size() > kMaxPolicyList)
      return policy_bad(kPolicyValue, where_, spec,
                        found->children.empty() ? "is an empty list, which nothing can satisfy"
                                                : "is too long a list");
    std::vector<std::string> out;
    for (const PolicyField& entry : found->children) {
      if (entry.kind != PolicyField::Kind::kString)
        return policy_bad(kPolicyType, where_, spec, "has to be a list of texts");
      out.push_back(entry.string);
    }
    return out;
  }
  bool says_any(const PolicySpec& spec) {
    const PolicyField* found = table_.find(spec.name);
    if (found == nullptr || found->kind != PolicyField::Kind::kString || found->string != "any")
      return false;
    asked_.push_back(spec.name);
    return true;
  }
  template <size_t N>
  Outcome<Masked<N>> masked(const PolicySpec& spec) {
    ASSIGN_OR_RETURN(const PolicyField* found, field(spec, PolicyField::Kind::kTable, "a table"));
    PolicyTable inner(*found, where_ + ", " + policy_cited(spec.name));
    Masked<N> out;
    ASSIGN_OR_RETURN(out.value, inner.hex<N>(kPolicyMaskValue));
    ASSIGN_OR_RETURN(out.mask, inner.hex<N>(kPolicyMaskMask));
    RETURN_IF_ERROR(inner.finish());
    return checked(spec, out);
  }
  template <size_t N>
  Outcome<Masked<N>> checked(const PolicySpec& spec, const Masked<N>& out) const {
    for (size_t i = 0; i < N; ++i)
      if ((out.value[i] & ~out.mask[i]) != 0)
        return policy_bad(kPolicyValue, where_, spec,
                          "has a bit outside its mask, which nothing can satisfy");
    return out;
  }
  Outcome<void> finish() const {
    for (const PolicyField& f : table_.children) {
      if (std::find(asked_.begin(), asked_.end(), f.name) != asked_.end()) continue;
      return problem(Code::kInvalid, kPolicyUnknownField,
                     "The policy" + where_ + " has a field " + policy_cited(f.name) +
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

// One section each. The fields are those of docs/formats/policy.md.
Outcome<SgxPolicy> read_sgx_policy(const PolicyField& table);
std::string write_sgx_policy(const SgxPolicy& policy);
Outcome<SnpPolicy> read_snp_policy(const PolicyField& table);
std::string write_snp_policy(const SnpPolicy& policy);
Outcome<NitroPolicy> read_nitro_policy(const PolicyField& table);
std::string write_nitro_policy(const NitroPolicy& policy);
Outcome<TdxPolicy> read_tdx_policy(const PolicyField& table);
std::string write_tdx_policy(const TdxPolicy& policy);
Outcome<AzurePolicy> read_azure_policy(const PolicyField& table);
std::string write_azure_policy(const AzurePolicy& policy);

}  // namespace blindai
