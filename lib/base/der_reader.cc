#include "lib/base/der_reader.h"

namespace blindai {

bool DerReader::next(DerTag& tag, BytesView& content) {
  constexpr uint8_t kLongTag = 0x1f;   // the number follows in further bytes
  constexpr uint8_t kLongForm = 0x80;  // so many bytes of length follow
  ByteReader r = in_;
  uint8_t tag_byte = 0;
  uint8_t first = 0;
  if (!r.u8(tag_byte) || (tag_byte & kLongTag) == kLongTag || !r.u8(first)) return false;
  uint64_t length = first;
  if (first >= kLongForm) {
    const size_t count = first - kLongForm;
    BytesView bytes;
    if (count == 0 || count > 4 || !r.bytes(bytes, count) || bytes[0] == 0) return false;
    length = 0;
    for (const uint8_t byte : bytes) length = length << 8 | byte;
    if (length < kLongForm) return false;
  }
  BytesView found;
  if (!r.bytes(found, length)) return false;
  tag = static_cast<DerTag>(tag_byte);
  content = found;
  in_ = r;
  return true;
}

bool DerReader::take(DerTag tag, BytesView& content) {
  return sees(tag) && next(tag, content);
}

bool DerReader::sees(DerTag tag) const {
  ByteReader r = in_;
  uint8_t byte = 0;
  return r.u8(byte) && byte == static_cast<uint8_t>(tag);
}

bool is_der_integer(BytesView content) {
  if (content.empty()) return false;
  if (content.size() == 1) return true;
  const bool top = (content[1] & 0x80) != 0;
  return !(content[0] == 0x00 && !top) && !(content[0] == 0xff && top);
}

bool is_der_oid(BytesView content) {
  constexpr uint8_t kMore = 0x80;  // another byte of the same number follows
  bool starts = true;
  for (const uint8_t byte : content) {
    if (starts && byte == kMore) return false;
    starts = (byte & kMore) == 0;
  }
  return !content.empty() && starts;
}

}  // namespace blindai
