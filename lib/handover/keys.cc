#include "lib/handover/keys.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kLayout = 1;
constexpr Id kBadLayout{"handover.keys.layout"};
constexpr Id kTooMany{
    "handover.too-many",
    "There are more keys than one handover carries: let the new server upload or replace some of "
    "the models anew, or hand them over in several rounds."};

std::unexpected<Error> bad_layout() {
  return fail(Code::kMalformed, kBadLayout);
}

bool read_flag(ByteReader& r, bool& out) {
  uint8_t raw = 0;
  if (!r.u8(raw) || raw > 1) return false;
  out = raw == 1;
  return true;
}

bool read_key(ByteReader& r, SecretKey& out) {
  ByteArray<32> raw;
  if (!r.array(raw)) return false;
  out = SecretKey(std::move(raw));
  return true;
}

bool fits(const InheritedKeys& keys) {
  return keys.programs.size() <= kMaxHandedPrograms && keys.contents.size() <= kMaxHandedContents;
}

// Room for everything at once: a buffer that grows would leave copies of keys behind.
size_t encoded_len(const HandedKeys& keys) {
  return 32 + 1 + 2 + 64 * keys.keys.programs.size() + 4 + 64 * keys.keys.contents.size();
}

void put_keys(Bytes& out, const HandedKeys& keys) {
  append(out, keys.transfer);
  put_u8(out, keys.whole ? 1 : 0);
  put_u16le(out, static_cast<uint16_t>(keys.keys.programs.size()));
  for (const SealFor& program : keys.keys.programs) {
    append(out, program.measurement);
    append(out, program.key.reveal(KeyAccess()));
  }
  put_u32le(out, static_cast<uint32_t>(keys.keys.contents.size()));
  for (const SealSecrets& content : keys.keys.contents) {
    append(out, content.content_id);
    append(out, content.data_key.reveal(KeyAccess()));
  }
}

Result<HandedKeys> read_keys(ByteReader& r) {
  HandedKeys out{};
  uint16_t num_programs = 0;
  uint32_t num_contents = 0;
  if (!r.array(out.transfer) || !read_flag(r, out.whole) || !r.u16le(num_programs) ||
      num_programs > kMaxHandedPrograms)
    return bad_layout();
  for (size_t i = 0; i < num_programs; ++i) {
    SealFor& program = out.keys.programs.emplace_back();
    if (!r.array(program.measurement) || !read_key(r, program.key)) return bad_layout();
  }
  if (!r.u32le(num_contents) || num_contents > kMaxHandedContents) return bad_layout();
  for (size_t i = 0; i < num_contents; ++i) {
    SealSecrets& content = out.keys.contents.emplace_back();
    if (!r.array(content.content_id) || !read_key(r, content.data_key)) return bad_layout();
  }
  // The giver's own key is among those of a whole store; one content at a time has none of any
  // program.
  if (out.whole == out.keys.programs.empty()) return bad_layout();
  return out;
}

std::string name_of_record(std::string_view kind, const SealFor& own) {
  return "handover/" + std::string(kind) + "/" + to_hex(sealing_key_id(own.key));
}

}  // namespace

HandedKeys HandedKeys::duplicate(KeyAccess access) const {
  HandedKeys out{.transfer = transfer, .whole = whole, .keys = {}};
  for (const SealFor& one : keys.programs)
    out.keys.programs.push_back({one.key.duplicate(access), one.measurement});
  for (const SealSecrets& one : keys.contents) out.keys.contents.push_back(one.duplicate(access));
  return out;
}

Result<Bytes> encode_handed_keys(const HandedKeys& keys) {
  if (!fits(keys.keys)) return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  out.reserve(encoded_len(keys));
  put_keys(out, keys);
  return out;
}

Result<HandedKeys> decode_handed_keys(BytesView plaintext) {
  ByteReader r(plaintext);
  ASSIGN_OR_RETURN(HandedKeys out, read_keys(r));
  if (!r.done()) return bad_layout();
  return out;
}

Result<Bytes> encode_inherited(const InheritedRecord& record) {
  if (!fits(record.handed.keys)) return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  out.reserve(2 + encoded_len(record.handed));
  put_u8(out, kLayout);
  put_u8(out, record.confirmed ? 1 : 0);
  put_keys(out, record.handed);
  return out;
}

Result<InheritedRecord> decode_inherited(BytesView record) {
  ByteReader r(record);
  uint8_t layout = 0;
  bool confirmed = false;
  if (!r.u8(layout) || layout != kLayout || !read_flag(r, confirmed)) return bad_layout();
  ASSIGN_OR_RETURN(HandedKeys handed, read_keys(r));
  if (!r.done()) return bad_layout();
  return InheritedRecord{confirmed, std::move(handed)};
}

Result<Bytes> encode_given(const GivenRecord& record) {
  if (record.contents.size() > kMaxHandedContents) return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  put_u8(out, kLayout);
  put_u8(out, record.transfer.has_value() ? 1 : 0);
  append(out, record.transfer.value_or(TransferId{}));
  append(out, record.release);
  put_u32le(out, static_cast<uint32_t>(record.contents.size()));
  for (const Sha256Digest& content : record.contents) append(out, content);
  return out;
}

Result<GivenRecord> decode_given(BytesView record) {
  ByteReader r(record);
  uint8_t layout = 0;
  bool whole = false;
  TransferId transfer;
  GivenRecord out;
  uint32_t num_contents = 0;
  if (!r.u8(layout) || layout != kLayout || !read_flag(r, whole) || !r.array(transfer) ||
      !r.array(out.release) || !r.u32le(num_contents) || num_contents > kMaxHandedContents)
    return bad_layout();
  const auto zero = [](uint8_t byte) { return byte == 0; };
  if (whole) out.transfer = transfer;
  if (!whole && (!std::ranges::all_of(transfer, zero) || !std::ranges::all_of(out.release, zero)))
    return bad_layout();
  for (size_t i = 0; i < num_contents; ++i)
    if (!r.array(out.contents.emplace_back())) return bad_layout();
  if (!r.done() || !std::ranges::is_sorted(out.contents)) return bad_layout();
  return out;
}

std::string inherited_record_name(const SealFor& own) {
  return name_of_record("inherited", own);
}

std::string given_record_name(const SealFor& own) {
  return name_of_record("given", own);
}

}  // namespace blindai
