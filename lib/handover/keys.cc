#include "lib/handover/keys.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kRecordLayout = 1;
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
size_t encoded_len(const InheritedKeys& keys) {
  return 2 + 64 * keys.programs.size() + 4 + 64 * keys.contents.size();
}

void put_keys(Bytes& out, const InheritedKeys& keys) {
  put_u16le(out, static_cast<uint16_t>(keys.programs.size()));
  for (const SealFor& program : keys.programs) {
    append(out, program.measurement);
    append(out, program.key.reveal(KeyAccess()));
  }
  put_u32le(out, static_cast<uint32_t>(keys.contents.size()));
  for (const SealSecrets& content : keys.contents) {
    append(out, content.content_id);
    append(out, content.data_key.reveal(KeyAccess()));
  }
}

Result<InheritedKeys> read_keys(ByteReader& r) {
  InheritedKeys out;
  uint16_t num_programs = 0;
  uint32_t num_contents = 0;
  if (!r.u16le(num_programs) || num_programs > kMaxHandedPrograms) return bad_layout();
  for (size_t i = 0; i < num_programs; ++i) {
    SealFor& program = out.programs.emplace_back();
    if (!r.array(program.measurement) || !read_key(r, program.key)) return bad_layout();
  }
  if (!r.u32le(num_contents) || num_contents > kMaxHandedContents) return bad_layout();
  for (size_t i = 0; i < num_contents; ++i) {
    SealSecrets& content = out.contents.emplace_back();
    if (!r.array(content.content_id) || !read_key(r, content.data_key)) return bad_layout();
  }
  return out;
}

void put_handed(Bytes& out, const HandedKeys& handed) {
  append(out, handed.transfer);
  put_u8(out, handed.whole ? 1 : 0);
  put_keys(out, handed.keys);
}

Result<HandedKeys> read_handed(ByteReader& r) {
  HandedKeys out{};
  if (!r.array(out.transfer) || !read_flag(r, out.whole)) return bad_layout();
  ASSIGN_OR_RETURN(out.keys, read_keys(r));
  // The giver's own key is among those of a whole store; one content at a time has none of any
  // program.
  if (out.whole == out.keys.programs.empty()) return bad_layout();
  return out;
}

size_t encoded_len(const HandedKeys& handed) {
  return 32 + 1 + encoded_len(handed.keys);
}

std::string name_of_record(std::string_view kind, const SealFor& own) {
  return "handover/" + std::string(kind) + "/" + to_hex(sealing_key_id(own.key));
}

}  // namespace

void InheritedRecord::settle() {
  if (!pending.has_value()) return;
  for (SealFor& one : pending->keys.programs) {
    const auto same = [&](const SealFor& other) {
      return other.measurement == one.measurement &&
             sealing_key_id(other.key) == sealing_key_id(one.key);
    };
    if (std::ranges::none_of(kept.programs, same)) kept.programs.push_back(std::move(one));
  }
  for (SealSecrets& one : pending->keys.contents) {
    const auto same = [&](const SealSecrets& other) { return other.content_id == one.content_id; };
    if (std::ranges::none_of(kept.contents, same)) kept.contents.push_back(std::move(one));
  }
  pending.reset();
}

Result<Bytes> encode_handed_keys(const HandedKeys& keys) {
  if (!fits(keys.keys)) return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  out.reserve(encoded_len(keys));
  put_handed(out, keys);
  return out;
}

Result<HandedKeys> decode_handed_keys(BytesView plaintext) {
  ByteReader r(plaintext);
  ASSIGN_OR_RETURN(HandedKeys out, read_handed(r));
  if (!r.done()) return bad_layout();
  return out;
}

Result<Bytes> encode_inherited(const InheritedRecord& record) {
  const InheritedKeys none;
  const InheritedKeys& more = record.pending.has_value() ? record.pending->keys : none;
  // Once settled they are one set.
  if (record.kept.programs.size() + more.programs.size() > kMaxHandedPrograms ||
      record.kept.contents.size() + more.contents.size() > kMaxHandedContents)
    return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  out.reserve(2 + encoded_len(record.kept) +
              (record.pending.has_value() ? encoded_len(*record.pending) : 0));
  put_u8(out, kRecordLayout);
  put_keys(out, record.kept);
  put_u8(out, record.pending.has_value() ? 1 : 0);
  if (record.pending.has_value()) put_handed(out, *record.pending);
  return out;
}

Result<InheritedRecord> decode_inherited(BytesView record) {
  ByteReader r(record);
  uint8_t layout = 0;
  bool pending = false;
  InheritedRecord out;
  if (!r.u8(layout) || layout != kRecordLayout) return bad_layout();
  ASSIGN_OR_RETURN(out.kept, read_keys(r));
  if (!read_flag(r, pending)) return bad_layout();
  if (pending) {
    ASSIGN_OR_RETURN(out.pending, read_handed(r));
  }
  const size_t programs = pending ? out.pending->keys.programs.size() : 0;
  const size_t contents = pending ? out.pending->keys.contents.size() : 0;
  if (!r.done() || out.kept.programs.size() + programs > kMaxHandedPrograms ||
      out.kept.contents.size() + contents > kMaxHandedContents)
    return bad_layout();
  return out;
}

Result<Bytes> encode_given(const GivenRecord& record) {
  if (record.contents.size() > kMaxHandedContents) return fail(Code::kTooLarge, kTooMany);
  Bytes out;
  put_u8(out, kRecordLayout);
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
  if (!r.u8(layout) || layout != kRecordLayout || !read_flag(r, whole) || !r.array(transfer) ||
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
