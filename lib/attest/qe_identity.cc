#include "lib/attest/qe_identity.h"

namespace blindai {
namespace {

constexpr size_t kMaxIdentityLevels = 256;

bool read_level(const JsonValue& value, QeLevel& out) {
  if (!read_status(value["tcbStatus"], out.status)) return false;
  return is_of_a_part(out.status) && read_u16(value["tcb"]["isvsvn"], out.isv_svn) &&
         read_date(value["tcbDate"], out.date) &&
         read_advisories(value["advisoryIDs"], out.advisories);
}

bool read(const JsonValue& body, QeIdentity& out) {
  const JsonValue levels = body["tcbLevels"];
  auto id = body["id"].string();
  if (!id.has_value()) return false;
  out.id = *std::move(id);
  if (!read_u32(body["version"], UINT32_MAX, out.version) ||
      !read_date(body["issueDate"], out.issue_date) ||
      !read_date(body["nextUpdate"], out.next_update) ||
      !read_u32(body["tcbEvaluationDataNumber"], UINT32_MAX, out.evaluation_number) ||
      !read_hex(body["miscselect"], out.misc_select) ||
      !read_hex(body["miscselectMask"], out.misc_select_mask) ||
      !read_hex(body["attributes"], out.attributes) ||
      !read_hex(body["attributesMask"], out.attributes_mask) ||
      !read_hex(body["mrsigner"], out.mr_signer) || !read_u16(body["isvprodid"], out.isv_prod_id) ||
      !levels.is_array() || levels.size() == 0 || levels.size() > kMaxIdentityLevels)
    return false;
  for (JsonValue v = levels.first(); v.exists(); v = v.next_in(levels)) {
    QeLevel level{};
    if (!read_level(v, level)) return false;
    insert_by_rank(out.levels, std::move(level),
                   [](const QeLevel& a, const QeLevel& b) { return a.isv_svn > b.isv_svn; });
  }
  return true;
}

}  // namespace

Result<QeIdentity> parse_qe_identity(const JsonValue& body) {
  QeIdentity out{};
  if (!read(body, out)) return fail(Code::kMalformed, "dcap.qe-identity.layout", body.offset());
  return out;
}

const QeLevel* QeIdentity::level_of(uint16_t isv_svn) const {
  for (const QeLevel& level : levels)
    if (level.isv_svn <= isv_svn) return &level;
  return nullptr;
}

}  // namespace blindai
