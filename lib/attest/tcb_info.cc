#include "lib/attest/tcb_info.h"

#include <tuple>

namespace blindai {
namespace {

constexpr size_t kMaxLevels = 256;
constexpr size_t kMaxModules = 256;

bool read_svn(const JsonValue& value, uint8_t& out) {
  uint32_t wide = 0;
  if (!read_u32(value, UINT8_MAX, wide)) return false;
  out = static_cast<uint8_t>(wide);
  return true;
}

// Version 2: "sgxtcbcomp01svn" to "sgxtcbcomp16svn".
bool read_components_v2(const JsonValue& tcb, ByteArray<16>& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const std::string name = std::string("sgxtcbcomp") + (i < 9 ? "0" : "") + number + "svn";
    if (!read_svn(tcb[name], out[i])) return false;
  }
  return true;
}

// Version 3: "sgxtcbcomponents" and "tdxtcbcomponents": [{"svn": …, …} × 16].
bool read_components_v3(const JsonValue& list, ByteArray<16>& out) {
  if (!list.is_array() || list.size() != out.size()) return false;
  size_t i = 0;
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list))
    if (!read_svn(v["svn"], out[i++])) return false;
  return true;
}

bool read_level(const JsonValue& value, uint32_t version, bool tdx, TcbLevel& out) {
  const JsonValue tcb = value["tcb"];
  if (!read_status(value["tcbStatus"], out.status)) return false;
  if (tdx && !read_components_v3(tcb["tdxtcbcomponents"], out.tdx_components)) return false;
  const bool components = version == 2
                              ? read_components_v2(tcb, out.components)
                              : read_components_v3(tcb["sgxtcbcomponents"], out.components);
  return components && read_u16(tcb["pcesvn"], out.pce_svn) &&
         read_date(value["tcbDate"], out.date) &&
         read_advisories(value["advisoryIDs"], out.advisories);
}

bool read_module(const JsonValue& value, TdxModule& out) {
  return read_hex(value["mrsigner"], out.mr_signer) &&
         read_hex(value["attributes"], out.attributes) &&
         read_hex(value["attributesMask"], out.attributes_mask);
}

bool read_module_level(const JsonValue& value, TdxModuleLevel& out) {
  return read_status(value["tcbStatus"], out.status) && is_of_a_part(out.status) &&
         read_svn(value["tcb"]["isvsvn"], out.isv_svn) && read_date(value["tcbDate"], out.date) &&
         read_advisories(value["advisoryIDs"], out.advisories);
}

// "TDX_" and two hexadecimal digits, letters in either case.
bool read_module_version(const JsonValue& value, uint8_t& out) {
  constexpr std::string_view kPrefix = "TDX_";
  const auto text = value.plain_string();
  if (!text.has_value() || text->size() != kPrefix.size() + 2) return false;
  for (size_t i = 0; i < kPrefix.size(); ++i) {
    const char c = (*text)[i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != kPrefix[i]) return false;
  }
  const auto digits = array_from_hex<1>(text->substr(kPrefix.size()));
  if (!digits.has_value()) return false;
  out = (*digits)[0];
  return true;
}

bool read_module_identity(const JsonValue& value, TdxModuleIdentity& out) {
  const JsonValue levels = value["tcbLevels"];
  if (!read_module_version(value["id"], out.version) || !read_module(value, out.module) ||
      !levels.is_array() || levels.size() == 0 || levels.size() > kMaxLevels)
    return false;
  for (JsonValue v = levels.first(); v.exists(); v = v.next_in(levels)) {
    TdxModuleLevel level{};
    if (!read_module_level(v, level)) return false;
    insert_by_rank(
        out.levels, std::move(level),
        [](const TdxModuleLevel& a, const TdxModuleLevel& b) { return a.isv_svn > b.isv_svn; });
  }
  return true;
}

// "tdxModule", and "tdxModuleIdentities", which older documents do not have.
bool read_modules(const JsonValue& body, TcbInfo& out) {
  if (!read_module(body["tdxModule"], out.tdx_module.emplace())) return false;
  const JsonValue identities = body["tdxModuleIdentities"];
  if (!identities.exists()) return true;
  if (!identities.is_array() || identities.size() > kMaxModules) return false;
  for (JsonValue v = identities.first(); v.exists(); v = v.next_in(identities)) {
    TdxModuleIdentity identity{};
    if (!read_module_identity(v, identity) || out.module_of(identity.version) != nullptr)
      return false;
    out.tdx_module_identities.push_back(std::move(identity));
  }
  return true;
}

bool reaches(BytesView platform, BytesView level) {
  for (size_t i = 0; i < level.size(); ++i)
    if (platform[i] < level[i]) return false;
  return true;
}

bool read(const JsonValue& body, TcbInfo& out) {
  const JsonValue levels = body["tcbLevels"];
  if (!read_u32(body["version"], UINT32_MAX, out.version) ||
      !read_date(body["issueDate"], out.issue_date) ||
      !read_date(body["nextUpdate"], out.next_update) || !read_hex(body["fmspc"], out.fmspc) ||
      !read_hex(body["pceId"], out.pce_id) ||
      !read_u32(body["tcbType"], UINT32_MAX, out.tcb_type) ||
      !read_u32(body["tcbEvaluationDataNumber"], UINT32_MAX, out.evaluation_number) ||
      !levels.is_array() || levels.size() == 0 || levels.size() > kMaxLevels)
    return false;
  if (const JsonValue id = body["id"]; id.exists()) {
    auto text = id.string();
    if (!text.has_value()) return false;
    out.id = *std::move(text);
  }
  const bool tdx = out.id == "TDX";
  if (tdx && !read_modules(body, out)) return false;
  for (JsonValue v = levels.first(); v.exists(); v = v.next_in(levels)) {
    TcbLevel level{};
    if (!read_level(v, out.version, tdx, level)) return false;
    insert_by_rank(out.levels, std::move(level), [](const TcbLevel& a, const TcbLevel& b) {
      return std::tie(a.components, a.pce_svn, a.tdx_components) >
             std::tie(b.components, b.pce_svn, b.tdx_components);
    });
  }
  return true;
}

}  // namespace

Result<TcbInfo> parse_tcb_info(const JsonValue& body) {
  TcbInfo out{};
  if (!read(body, out)) return fail(Code::kMalformed, "dcap.tcb-info.layout", body.offset());
  return out;
}

const TdxModuleLevel* TdxModuleIdentity::level_of(uint8_t isv_svn) const {
  for (const TdxModuleLevel& level : levels)
    if (level.isv_svn <= isv_svn) return &level;
  return nullptr;
}

const TcbLevel* TcbInfo::level_of(const PckExtension& platform) const {
  for (const TcbLevel& level : levels)
    if (platform.pce_svn >= level.pce_svn && reaches(platform.components, level.components))
      return &level;
  return nullptr;
}

const TcbLevel* TcbInfo::level_of(const PckExtension& platform,
                                  const ByteArray<16>& tee_tcb_svn) const {
  const size_t first = tee_tcb_svn[1] > 0 ? 2 : 0;
  for (const TcbLevel& level : levels)
    if (platform.pce_svn >= level.pce_svn && reaches(platform.components, level.components) &&
        reaches(BytesView(tee_tcb_svn).subspan(first),
                BytesView(level.tdx_components).subspan(first)))
      return &level;
  return nullptr;
}

const TdxModuleIdentity* TcbInfo::module_of(uint8_t module_version) const {
  for (const TdxModuleIdentity& identity : tdx_module_identities)
    if (identity.version == module_version) return &identity;
  return nullptr;
}

}  // namespace blindai
