#include "lib/attest/signed_json.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr size_t kMaxAdvisories = 256;

}  // namespace

Result<SignedJson> SignedJson::parse(BytesView text, std::string_view member) {
  ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::parse(as_text(text)));
  SignedJson out(std::move(document), member);
  const JsonValue root = out.document_.root();
  if (root.size() != 2 || !out.body().is_object() || !read_hex(root["signature"], out.signature_))
    return fail(Code::kMalformed, "signed-json.envelope");
  return out;
}

bool read_date(const JsonValue& value, Time& out) {
  const auto text = value.plain_string();
  if (!text.has_value()) return false;
  const auto parsed = parse_rfc3339(*text);
  if (!parsed.has_value()) return false;
  out = *parsed;
  return true;
}

bool read_status(const JsonValue& value, TcbStatus& out) {
  const auto text = value.plain_string();
  if (!text.has_value()) return false;
  const auto parsed = parse_tcb_status(*text);
  // The two that only a verifier says are in no document.
  if (!parsed.has_value() || *parsed == TcbStatus::kTdRelaunchAdvised ||
      *parsed == TcbStatus::kTdRelaunchAdvisedConfigurationNeeded)
    return false;
  out = *parsed;
  return true;
}

bool read_u32(const JsonValue& value, uint32_t max, uint32_t& out) {
  const auto number = value.u64();
  if (!number.has_value() || *number > max) return false;
  out = static_cast<uint32_t>(*number);
  return true;
}

bool read_u16(const JsonValue& value, uint16_t& out) {
  uint32_t wide = 0;
  if (!read_u32(value, UINT16_MAX, wide)) return false;
  out = static_cast<uint16_t>(wide);
  return true;
}

bool read_advisories(const JsonValue& value, std::vector<std::string>& out) {
  if (!value.exists()) return true;
  if (!value.is_array() || value.size() > kMaxAdvisories) return false;
  for (JsonValue v = value.first(); v.exists(); v = v.next_in(value)) {
    const auto text = v.plain_string();
    if (!text.has_value() || !is_advisory(*text)) return false;
    out.emplace_back(*text);
  }
  return true;
}

}  // namespace blindai
