#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kAzureWhere = " (section azure)";
constexpr std::string_view kAzureExample =
    "a list of values, 64 hexadecimal digits each, or \"any\"";
constexpr PolicySpec kAzurePcrs[] = {
    {"pcr0", kAzureExample},  {"pcr1", kAzureExample},  {"pcr2", kAzureExample},
    {"pcr3", kAzureExample},  {"pcr4", kAzureExample},  {"pcr5", kAzureExample},
    {"pcr6", kAzureExample},  {"pcr7", kAzureExample},  {"pcr8", kAzureExample},
    {"pcr9", kAzureExample},  {"pcr10", kAzureExample}, {"pcr11", kAzureExample},
    {"pcr12", kAzureExample}, {"pcr13", kAzureExample}, {"pcr14", kAzureExample},
    {"pcr15", kAzureExample}, {"pcr16", kAzureExample}, {"pcr17", kAzureExample},
    {"pcr18", kAzureExample}, {"pcr19", kAzureExample}, {"pcr20", kAzureExample},
    {"pcr21", kAzureExample}, {"pcr22", kAzureExample}, {"pcr23", kAzureExample},
};
static_assert(std::size(kAzurePcrs) == kNumPcrs);
constexpr PolicySpec kAzureNone{"pcr4",
                                "each PCR that is to be judged, such as pcr4 = [\"<boot loader, 64 "
                                "hexadecimal digits>\"]"};
constexpr PolicySpec kAzureSecureBoot{"require_secure_boot", "require_secure_boot = true"};

}  // namespace

Outcome<AzurePolicy> read_azure_policy(const PolicyField& table) {
  PolicyTable r(table, std::string(kAzureWhere));
  AzurePolicy out;
  for (size_t i = 0; i < kNumPcrs; ++i) {
    if (!r.has(kAzurePcrs[i])) continue;
    out.tpm.pcr_selection |= uint32_t{1} << i;
    Accepted<ByteArray<32>>& accepted = out.tpm.pcrs[i];
    accepted.any = r.says_any(kAzurePcrs[i]);
    if (accepted.any) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> values, r.texts(kAzurePcrs[i], 1));
    for (const std::string& text : values) {
      ASSIGN_OR_RETURN(const ByteArray<32> one, r.hex_value<32>(kAzurePcrs[i], text));
      accepted.values.push_back(one);
    }
  }
  if (out.tpm.pcr_selection == 0)
    return policy_bad(kPolicyMissing, std::string(kAzureWhere), kAzureNone,
                      "is missing, and so is every other PCR");
  if (r.has(kAzureSecureBoot)) {
    ASSIGN_OR_RETURN(out.require_secure_boot, r.boolean(kAzureSecureBoot));
  }
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_azure_policy(const AzurePolicy& policy) {
  std::string out = "\n[azure]\n";
  for (size_t i = 0; i < kNumPcrs; ++i) {
    if ((policy.tpm.pcr_selection >> i & 1) == 0) continue;
    const Accepted<ByteArray<32>>& accepted = policy.tpm.pcrs[i];
    out += std::string(kAzurePcrs[i].name) + " = " +
           (accepted.any ? "\"any\"" : policy_hex_list(accepted.values)) + "\n";
  }
  return out + "require_secure_boot = " + (policy.require_secure_boot ? "true" : "false") + "\n";
}

}  // namespace blindai
