#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kWhere = " (section snp)";

constexpr PolicySpec kMeasurement{"measurement",
                                  "measurement = [\"<measurement, 96 hexadecimal digits>\"]"};
constexpr PolicySpec kMinMilan{
    "min_tcb_milan", "min_tcb_milan = { boot_loader = 4, tee = 0, snp = 24, microcode = 219 }"};
constexpr PolicySpec kMinGenoa{
    "min_tcb_genoa", "min_tcb_genoa = { boot_loader = 10, tee = 0, snp = 23, microcode = 84 }"};
constexpr PolicySpec kMinTurin{
    "min_tcb_turin",
    "min_tcb_turin = { fmc = 0, boot_loader = 1, tee = 0, snp = 2, microcode = 71 }"};
constexpr PolicySpec kProducts{"min_tcb_genoa",
                               "min_tcb_milan, min_tcb_genoa or min_tcb_turin, for each product "
                               "that is accepted; min_tcb_genoa = { boot_loader = 10, tee = 0, "
                               "snp = 23, microcode = 84 }"};
constexpr PolicySpec kFmc{"fmc", "fmc = 0"};
constexpr PolicySpec kBootLoader{"boot_loader", "boot_loader = 4"};
constexpr PolicySpec kTee{"tee", "tee = 0"};
constexpr PolicySpec kSnpLevel{"snp", "snp = 24"};
constexpr PolicySpec kMicrocode{"microcode", "microcode = 219"};
constexpr PolicySpec kMaxVmpl{"max_vmpl", "max_vmpl = 0"};
constexpr PolicySpec kMinGuestSvn{"min_guest_svn", "min_guest_svn = 1"};
constexpr PolicySpec kHostData{"host_data", "host_data = \"<64 hexadecimal digits>\""};
constexpr PolicySpec kIdKey{"id_key_digest", "id_key_digest = \"<96 hexadecimal digits>\""};
constexpr PolicySpec kAuthorKey{"author_key_digest",
                                "author_key_digest = \"<96 hexadecimal digits>\""};
constexpr PolicySpec kFamilyId{"family_id", "family_id = \"<32 hexadecimal digits>\""};
constexpr PolicySpec kImageId{"image_id", "image_id = \"<32 hexadecimal digits>\""};
constexpr PolicySpec kChipId{"chip_id", "chip_id = [\"<chip, 128 hexadecimal digits>\"]"};
constexpr PolicySpec kMitigations{"min_mitigations", "min_mitigations = 1"};
constexpr PolicySpec kAllowSmt{"allow_smt", "allow_smt = false"};
constexpr PolicySpec kAllowMigration{"allow_migration_agent", "allow_migration_agent = false"};
constexpr PolicySpec kAllowVlek{"allow_vlek", "allow_vlek = false"};

// Every part has to be there: a floor that is forgotten would accept anything.
Outcome<SnpTcb> read_tcb(const PolicyField& table, const std::string& prefix, bool fmc) {
  PolicyTable r(table, prefix);
  SnpTcb out;
  const auto part = [&r](const PolicySpec& spec, uint8_t& to) -> Outcome<void> {
    ASSIGN_OR_RETURN(const int64_t value, r.integer(spec, 0, UINT8_MAX));
    to = static_cast<uint8_t>(value);
    return {};
  };
  if (fmc) {
    RETURN_IF_ERROR(part(kFmc, out.fmc));
  }
  RETURN_IF_ERROR(part(kBootLoader, out.boot_loader));
  RETURN_IF_ERROR(part(kTee, out.tee));
  RETURN_IF_ERROR(part(kSnpLevel, out.snp));
  RETURN_IF_ERROR(part(kMicrocode, out.microcode));
  RETURN_IF_ERROR(r.finish());
  return out;
}

template <size_t N>
Outcome<std::vector<ByteArray<N>>> read_list(PolicyTable& r, const PolicySpec& spec) {
  ASSIGN_OR_RETURN(const std::vector<std::string> texts, r.texts(spec, 1));
  std::vector<ByteArray<N>> out;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(const ByteArray<N> one, r.hex_value<N>(spec, text));
    out.push_back(one);
  }
  return out;
}

template <size_t N>
Outcome<void> read_hex(PolicyTable& r, const PolicySpec& spec, std::optional<ByteArray<N>>& out) {
  if (r.has(spec)) {
    ASSIGN_OR_RETURN(out, r.hex<N>(spec));
  }
  return {};
}

Outcome<void> read_flag(PolicyTable& r, const PolicySpec& spec, bool& out) {
  if (r.has(spec)) {
    ASSIGN_OR_RETURN(out, r.boolean(spec));
  }
  return {};
}

Outcome<void> read_floor(PolicyTable& r, const PolicySpec& spec, std::optional<SnpTcb>& out,
                         bool fmc) {
  if (!r.has(spec)) return {};
  ASSIGN_OR_RETURN(const PolicyField* table, r.field(spec, PolicyField::Kind::kTable, "a table"));
  ASSIGN_OR_RETURN(out,
                   read_tcb(*table, std::string(kWhere) + ", " + policy_cited(spec.name), fmc));
  return {};
}

Outcome<void> read_floors(PolicyTable& r, SnpPolicy& out) {
  RETURN_IF_ERROR(read_floor(r, kMinMilan, out.min_tcb_milan, false));
  RETURN_IF_ERROR(read_floor(r, kMinGenoa, out.min_tcb_genoa, false));
  RETURN_IF_ERROR(read_floor(r, kMinTurin, out.min_tcb_turin, true));
  if (!out.min_tcb_milan.has_value() && !out.min_tcb_genoa.has_value() &&
      !out.min_tcb_turin.has_value())
    return policy_bad(kPolicyMissing, std::string(kWhere), kProducts,
                      "is missing, and so is every other product");
  return {};
}

Outcome<void> read_numbers(PolicyTable& r, SnpPolicy& out) {
  if (r.has(kMaxVmpl)) {
    ASSIGN_OR_RETURN(const int64_t vmpl, r.integer(kMaxVmpl, 0, 3));
    out.max_vmpl = static_cast<uint32_t>(vmpl);
  }
  if (r.has(kMinGuestSvn)) {
    ASSIGN_OR_RETURN(const int64_t svn, r.integer(kMinGuestSvn, 0, UINT32_MAX));
    out.min_guest_svn = static_cast<uint32_t>(svn);
  }
  if (r.has(kMitigations)) {
    ASSIGN_OR_RETURN(const int64_t bits, r.integer(kMitigations, 1, INT64_MAX));
    out.min_mitigations = static_cast<uint64_t>(bits);
  }
  return {};
}

std::string tcb(std::string_view name, const std::optional<SnpTcb>& floor, bool fmc) {
  if (!floor.has_value()) return "";
  const auto part = [](std::string_view key, uint8_t value) {
    return std::string(key) + " = " + std::to_string(value);
  };
  return std::string(name) + " = { " + (fmc ? part("fmc", floor->fmc) + ", " : "") +
         part("boot_loader", floor->boot_loader) + ", " + part("tee", floor->tee) + ", " +
         part("snp", floor->snp) + ", " + part("microcode", floor->microcode) + " }\n";
}

template <size_t N>
std::string quoted(std::string_view name, const std::optional<ByteArray<N>>& value) {
  return value.has_value() ? std::string(name) + " = \"" + to_hex(*value) + "\"\n" : "";
}

std::string flag(std::string_view name, bool value) {
  return std::string(name) + " = " + (value ? "true" : "false") + "\n";
}

}  // namespace

Outcome<SnpPolicy> read_snp_policy(const PolicyField& table) {
  PolicyTable r(table, std::string(kWhere));
  SnpPolicy out;
  ASSIGN_OR_RETURN(out.measurement, read_list<48>(r, kMeasurement));
  RETURN_IF_ERROR(read_floors(r, out));
  RETURN_IF_ERROR(read_numbers(r, out));
  RETURN_IF_ERROR(read_hex(r, kHostData, out.host_data));
  RETURN_IF_ERROR(read_hex(r, kIdKey, out.id_key_digest));
  RETURN_IF_ERROR(read_hex(r, kAuthorKey, out.author_key_digest));
  RETURN_IF_ERROR(read_hex(r, kFamilyId, out.family_id));
  RETURN_IF_ERROR(read_hex(r, kImageId, out.image_id));
  if (r.has(kChipId)) {
    ASSIGN_OR_RETURN(out.chip_id, read_list<64>(r, kChipId));
    if (std::ranges::find(out.chip_id, ByteArray<64>{}) != out.chip_id.end())
      return policy_bad(kPolicyValue, std::string(kWhere), kChipId,
                        "has zeros, which name no chip: whichever hides its name reports them");
  }
  RETURN_IF_ERROR(read_flag(r, kAllowSmt, out.allow_smt));
  RETURN_IF_ERROR(read_flag(r, kAllowMigration, out.allow_migration_agent));
  RETURN_IF_ERROR(read_flag(r, kAllowVlek, out.allow_vlek));
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_snp_policy(const SnpPolicy& snp) {
  std::string out = "\n[snp]\nmeasurement = " + policy_hex_list(snp.measurement) + "\n";
  out += tcb("min_tcb_milan", snp.min_tcb_milan, false);
  out += tcb("min_tcb_genoa", snp.min_tcb_genoa, false);
  out += tcb("min_tcb_turin", snp.min_tcb_turin, true);
  out += "max_vmpl = " + std::to_string(snp.max_vmpl) + "\n";
  if (snp.min_guest_svn.has_value())
    out += "min_guest_svn = " + std::to_string(*snp.min_guest_svn) + "\n";
  out += quoted("host_data", snp.host_data) + quoted("id_key_digest", snp.id_key_digest) +
         quoted("author_key_digest", snp.author_key_digest) + quoted("family_id", snp.family_id) +
         quoted("image_id", snp.image_id);
  if (!snp.chip_id.empty()) out += "chip_id = " + policy_hex_list(snp.chip_id) + "\n";
  if (snp.min_mitigations.has_value())
    out += "min_mitigations = " + std::to_string(*snp.min_mitigations) + "\n";
  return out + flag("allow_smt", snp.allow_smt) +
         flag("allow_migration_agent", snp.allow_migration_agent) +
         flag("allow_vlek", snp.allow_vlek);
}

}  // namespace blindai
