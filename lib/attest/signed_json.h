// The envelope of Intel's signed JSON documents: {"<member>": …, "signature": "<hex>"}. The
// signature is over the member's value byte for byte as it stands, which is why nothing here writes
// JSON. Source   Intel PCS API v4, "Get TCB Info", "Get QE Identity".
#pragma once

#include <algorithm>

#include "lib/attest/tcb_status.h"
#include "lib/base/json.h"
#include "lib/base/time.h"

namespace blindai {

// Unverified. Borrows from the text it was read from.
class SignedJson {
 public:
  // Exactly the two members, in either order. Errors: those of JsonDocument::parse, and kMalformed
  // signed-json.envelope.
  static Result<SignedJson> parse(BytesView text, std::string_view member);

  JsonValue body() const { return document_.root()[member_]; }
  BytesView signed_bytes() const { return as_bytes(body().raw()); }
  const ByteArray<64>& signature() const { return signature_; }  // r then s, big-endian

 private:
  SignedJson(JsonDocument document, std::string_view member)
      : document_(std::move(document)), member_(member) {}

  JsonDocument document_;
  std::string member_;
  ByteArray<64> signature_{};
};

// Fields of such documents. Each says false when the value is absent, of another kind or out of
// range.
template <size_t N>
bool read_hex(const JsonValue& value, ByteArray<N>& out) {
  const auto text = value.plain_string();
  if (!text.has_value()) return false;
  const auto parsed = array_from_hex<N>(*text);
  if (!parsed.has_value()) return false;
  out = *parsed;
  return true;
}
bool read_date(const JsonValue& value, Time& out);
bool read_status(const JsonValue& value, TcbStatus& out);
bool read_u32(const JsonValue& value, uint32_t max, uint32_t& out);
bool read_u16(const JsonValue& value, uint16_t& out);
// Optional in Intel's documents: absent means none. At most 256, each of letters, digits and
// hyphens.
bool read_advisories(const JsonValue& value, std::vector<std::string>& out);

// Puts a TCB level in its place among those read before it, best first; equal ones keep the
// document's order. Intel lists them best first, but the first that fits counts, so the order is
// made certain.
template <typename Level, typename Better>
void insert_by_rank(std::vector<Level>& levels, Level level, Better better) {
  levels.insert(std::upper_bound(levels.begin(), levels.end(), level, better), std::move(level));
}

}  // namespace blindai
