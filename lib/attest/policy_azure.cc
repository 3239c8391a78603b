#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kWhere = " (section azure)";
constexpr std::string_view kExample = "a list of values, 64 hexadecimal digits each, or \"any\"";
constexpr PolicySpec kPcrs[] = {
    {"pcr0", kExample},  {"pcr1", kExample},  {"pcr2", kExample},  {"pcr3", kExample},
    {"pcr4", kExample},  {"pcr5", kExample},  {"pcr6", kExample},  {"pcr7", kExample},
    {"pcr8", kExample},  {"pcr9", kExample},  {"pcr10", kExample}, {"pcr11", kExample},
    {"pcr12", kExample}, {"pcr13", kExample}, {"pcr14", kExample}, {"pcr15", kExample},
    {"pcr16", kExample}, {"pcr17", kExample}, {"pcr18", kExample}, {"pcr19", kExample},
    {"pcr20", kExample}, {"pcr21", kExample}, {"pcr22", kExample}, {"pcr23", kExample},
};
static_assert(std::size(kPcrs) == kNumPcrs);
constexpr PolicySpec kNone{"pcr4",
                           "each PCR that is to be judged, such as pcr4 = [\"<boot loader, 64 "
                           "hexadecimal digits>\"]"};
constexpr PolicySpec kSecureBoot{"require_secure_boot", "require_secure_boot = true"};

}  // namespace

Outcome<AzurePolicy> read_azure_policy(const PolicyField& table) {
  PolicyTable r(table, std::string(kWhere));
  AzurePolicy out;
  for (size_t i = 0; i < kNumPcrs; ++i) {
    if (!r.has(kPcrs[i])) continue;
    out.tpm.pcr_selection |= uint32_t{1} << i;
    Accepted<ByteArray<32>>& accepted = out.tpm.pcrs[i];
    accepted.any = r.says_any(kPcrs[i]);
    if (accepted.any) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> values, r.texts(kPcrs[i], 1));
    for (const std::string& text : values) {
      ASSIGN_OR_RETURN(const ByteArray<32> one, r.hex_value<32>(kPcrs[i], text));
      accepted.values.push_back(one);
    }
  }
  if (out.tpm.pcr_selection == 0)
    return policy_bad(kPolicyMissing, std::string(kWhere), kNone,
                      "is missing, and so is every other PCR");
  if (r.has(kSecureBoot)) {
    ASSIGN_OR_RETURN(out.require_secure_boot, r.boolean(kSecureBoot));
  }
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_azure_policy(const AzurePolicy& policy) {
  std::string out = "\n[azure]\n";
  for (size_t i = 0; i < kNumPcrs; ++i) {
    if ((policy.tpm.pcr_selection >> i & 1) == 0) continue;
    const Accepted<ByteArray<32>>& accepted = policy.tpm.pcrs[i];
    out += std::string(kPcrs[i].name) + " = " +
           (accepted.any ? "\"any\"" : policy_hex_list(accepted.values)) + "\n";
  }
  return out + "require_secure_boot = " + (policy.require_secure_boot ? "true" : "false") + "\n";
}

}  // namespace blindai
