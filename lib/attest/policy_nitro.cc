#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kFirstExample = "pcr0 = [\"<image, 96 hexadecimal digits>\"]";
constexpr std::string_view kExample = "a list of values, 96 hexadecimal digits each";
constexpr PolicySpec kPcrFields[] = {
    {"pcr0", kFirstExample}, {"pcr1", kExample},  {"pcr2", kExample},  {"pcr3", kExample},
    {"pcr4", kExample},      {"pcr5", kExample},  {"pcr6", kExample},  {"pcr7", kExample},
    {"pcr8", kExample},      {"pcr9", kExample},  {"pcr10", kExample}, {"pcr11", kExample},
    {"pcr12", kExample},     {"pcr13", kExample}, {"pcr14", kExample}, {"pcr15", kExample},
    {"pcr16", kExample},     {"pcr17", kExample}, {"pcr18", kExample}, {"pcr19", kExample},
    {"pcr20", kExample},     {"pcr21", kExample}, {"pcr22", kExample}, {"pcr23", kExample},
    {"pcr24", kExample},     {"pcr25", kExample}, {"pcr26", kExample}, {"pcr27", kExample},
    {"pcr28", kExample},     {"pcr29", kExample}, {"pcr30", kExample}, {"pcr31", kExample},
};
static_assert(std::size(kPcrFields) == std::tuple_size_v<decltype(NitroPolicy::pcrs)>);

}  // namespace

Outcome<NitroPolicy> read_nitro_policy(const PolicyField& table) {
  PolicyTable r(table, " (section nitro)");
  NitroPolicy out;
  for (size_t i = 0; i < std::size(kPcrFields); ++i) {
    if (i > 0 && !r.has(kPcrFields[i])) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> values, r.texts(kPcrFields[i], 1));
    for (const std::string& text : values) {
      ASSIGN_OR_RETURN(const ByteArray<48> one, r.hex_value<48>(kPcrFields[i], text));
      out.pcrs[i].push_back(one);
    }
  }
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_nitro_policy(const NitroPolicy& policy) {
  std::string out = "\n[nitro]\n";
  for (size_t i = 0; i < std::size(kPcrFields); ++i)
    if (!policy.pcrs[i].empty())
      out += std::string(kPcrFields[i].name) + " = " + policy_hex_list(policy.pcrs[i]) + "\n";
  return out;
}

}  // namespace blindai
