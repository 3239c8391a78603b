#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr PolicySpec kMrTd{"mr_td", "mr_td = [\"<MRTD, 96 hexadecimal digits>\"]"};
constexpr PolicySpec kRtmr[] = {
    {"rtmr0", "rtmr0 = [\"<96 hexadecimal digits>\"], or \"any\""},
    {"rtmr1", "rtmr1 = [\"<96 hexadecimal digits>\"], or \"any\""},
    {"rtmr2", "rtmr2 = [\"<96 hexadecimal digits>\"], or \"any\""},
    {"rtmr3", "rtmr3 = [\"<96 hexadecimal digits>\"], or \"any\""},
};
constexpr PolicySpec kMrSeam{"mr_seam", "mr_seam = [\"<MRSEAM, 96 hexadecimal digits>\"]"};
constexpr PolicySpec kConfigId{"mr_config_id", "mr_config_id = \"<96 hexadecimal digits>\""};
constexpr PolicySpec kOwner{"mr_owner", "mr_owner = \"<96 hexadecimal digits>\""};
constexpr PolicySpec kOwnerConfig{"mr_owner_config",
                                  "mr_owner_config = \"<96 hexadecimal digits>\""};
constexpr PolicySpec kServiceTd{"mr_service_td",
                                "mr_service_td = [\"<MRSERVICETD, 96 hexadecimal digits>\"]"};
constexpr PolicySpec kTdAttributes{
    "td_attributes", "td_attributes = { value = \"<16 digits>\", mask = \"<16 digits>\" }"};
constexpr PolicySpec kXfam{"xfam", "xfam = { value = \"<16 digits>\", mask = \"<16 digits>\" }"};
constexpr PolicySpec kSeptVe{"require_sept_ve_disable", "require_sept_ve_disable = true"};
constexpr PolicySpec kMigration{"allow_migration", "allow_migration = false"};
constexpr PolicySpec kPerfmon{"allow_perfmon", "allow_perfmon = false"};

// At least one.
Outcome<std::vector<ByteArray<48>>> registers(PolicyTable& r, const PolicySpec& spec) {
  ASSIGN_OR_RETURN(const std::vector<std::string> texts, r.texts(spec, 1));
  std::vector<ByteArray<48>> out;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(const ByteArray<48> one, r.hex_value<48>(spec, text));
    out.push_back(one);
  }
  return out;
}

Outcome<void> flag(PolicyTable& r, const PolicySpec& spec, bool& out) {
  if (r.has(spec)) {
    ASSIGN_OR_RETURN(out, r.boolean(spec));
  }
  return {};
}

}  // namespace

Outcome<TdxPolicy> read_tdx_policy(const PolicyField& table) {
  PolicyTable r(table, " (section tdx)");
  TdxPolicy out;
  ASSIGN_OR_RETURN(out.mr_td, registers(r, kMrTd));
  for (size_t i = 0; i < out.rtmr.size(); ++i) {
    out.rtmr[i].any = r.says_any(kRtmr[i]);
    if (!out.rtmr[i].any) {
      ASSIGN_OR_RETURN(out.rtmr[i].values, registers(r, kRtmr[i]));
    }
  }
  if (r.has(kMrSeam)) {
    ASSIGN_OR_RETURN(out.mr_seam, registers(r, kMrSeam));
  }
  if (r.has(kServiceTd)) {
    ASSIGN_OR_RETURN(out.mr_service_td, registers(r, kServiceTd));
  }
  if (r.has(kConfigId)) {
    ASSIGN_OR_RETURN(out.mr_config_id, r.hex<48>(kConfigId));
  }
  if (r.has(kOwner)) {
    ASSIGN_OR_RETURN(out.mr_owner, r.hex<48>(kOwner));
  }
  if (r.has(kOwnerConfig)) {
    ASSIGN_OR_RETURN(out.mr_owner_config, r.hex<48>(kOwnerConfig));
  }
  if (r.has(kTdAttributes)) {
    ASSIGN_OR_RETURN(out.td_attributes, r.masked<8>(kTdAttributes));
  }
  if (r.has(kXfam)) {
    ASSIGN_OR_RETURN(out.xfam, r.masked<8>(kXfam));
  }
  RETURN_IF_ERROR(flag(r, kSeptVe, out.require_sept_ve_disable));
  RETURN_IF_ERROR(flag(r, kMigration, out.allow_migration));
  RETURN_IF_ERROR(flag(r, kPerfmon, out.allow_perfmon));
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_tdx_policy(const TdxPolicy& tdx) {
  const auto line = [](std::string_view name, const std::string& value) {
    return std::string(name) + " = " + value + "\n";
  };
  const auto quoted = [](const ByteArray<48>& bytes) { return "\"" + to_hex(bytes) + "\""; };
  const auto boolean = [](bool value) { return std::string(value ? "true" : "false"); };
  std::string out = "\n[tdx]\n" + line("mr_td", policy_hex_list(tdx.mr_td));
  for (size_t i = 0; i < tdx.rtmr.size(); ++i)
    out += line(kRtmr[i].name, tdx.rtmr[i].any ? "\"any\"" : policy_hex_list(tdx.rtmr[i].values));
  if (!tdx.mr_seam.empty()) out += line("mr_seam", policy_hex_list(tdx.mr_seam));
  if (!tdx.mr_service_td.empty()) out += line("mr_service_td", policy_hex_list(tdx.mr_service_td));
  if (tdx.mr_config_id.has_value()) out += line("mr_config_id", quoted(*tdx.mr_config_id));
  if (tdx.mr_owner.has_value()) out += line("mr_owner", quoted(*tdx.mr_owner));
  if (tdx.mr_owner_config.has_value()) out += line("mr_owner_config", quoted(*tdx.mr_owner_config));
  if (tdx.td_attributes.has_value())
    out += line("td_attributes", policy_masked(*tdx.td_attributes));
  if (tdx.xfam.has_value()) out += line("xfam", policy_masked(*tdx.xfam));
  out += line("require_sept_ve_disable", boolean(tdx.require_sept_ve_disable));
  out += line("allow_migration", boolean(tdx.allow_migration));
  return out + line("allow_perfmon", boolean(tdx.allow_perfmon));
}

}  // namespace blindai
