#include "lib/attest/tcb_info.h"

#include <tuple>

namespace blindai {
namespace {

constexpr size_t kMaxLevels = 256;

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

// Version 3: "sgxtcbcomponents": [{"svn": …, …} × 16].
bool read_components_v3(const JsonValue& list, ByteArray<16>& out) {
  if (!list.is_array() || list.size() != out.size()) return false;
  size_t i = 0;
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list))
    if (!read_svn(v["svn"], out[i++])) return false;
  return true;
}

bool read_level(const JsonValue& value, uint32_t version, TcbLevel& out) {
  const JsonValue tcb = value["tcb"];
  if (!read_status(value["tcbStatus"], out.status)) return false;
  const bool components = version == 2
                              ? read_components_v2(tcb, out.components)
                              : read_components_v3(tcb["sgxtcbcomponents"], out.components);
  return components && read_u16(tcb["pcesvn"], out.pce_svn) &&
         read_date(value["tcbDate"], out.date) &&
         read_advisories(value["advisoryIDs"], out.advisories);
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
  for (JsonValue v = levels.first(); v.exists(); v = v.next_in(levels)) {
    TcbLevel level{};
    if (!read_level(v, out.version, level)) return false;
    insert_by_rank(out.levels, std::move(level), [](const TcbLevel& a, const TcbLevel& b) {
      return std::tie(a.components, a.pce_svn) > std::tie(b.components, b.pce_svn);
    });
  }
  return true;
}

}  // namespace

Result<TcbInfo> parse_tcb_info(const JsonValue& body) {
  TcbInfo out{};
  if (!read(body, out)) return fail(Code::kMalformed, "sgx.tcb-info.layout", body.offset());
  return out;
}

const TcbLevel* TcbInfo::level_of(const PckExtension& platform) const {
  for (const TcbLevel& level : levels) {
    bool reached = platform.pce_svn >= level.pce_svn;
    for (size_t i = 0; i < level.components.size(); ++i)
      reached = reached && platform.components[i] >= level.components[i];
    if (reached) return &level;
  }
  return nullptr;
}

}  // namespace blindai
