#include "lib/base/cbor_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kOpen = 31;  // additional information: indefinite length
constexpr uint8_t kBreak = 0xff;

}  // namespace

Result<CborHead> read_cbor_head(ByteReader& r) {
  const size_t start = r.at();
  uint8_t initial = 0;
  if (!r.u8(initial)) return fail(Code::kMalformed, "cbor.truncated", start);
  const auto major = static_cast<CborMajor>(initial >> 5);
  const uint8_t info = initial & 0x1f;
  if (info == kOpen) return fail(Code::kMalformed, "cbor.indefinite", start);
  if (major > CborMajor::kTag || info > 27) return fail(Code::kMalformed, "cbor.kind", start);
  if (info < 24) return CborHead{major, info};
  uint8_t one = 0;
  uint16_t two = 0;
  uint32_t four = 0;
  uint64_t eight = 0;
  uint64_t argument = 0;
  uint64_t smallest = 0;  // the first value that needs this form
  bool read = false;
  switch (info) {
    case 24:
      read = r.u8(one), argument = one, smallest = 24;
      break;
    case 25:
      read = r.u16be(two), argument = two, smallest = uint64_t{UINT8_MAX} + 1;
      break;
    case 26:
      read = r.u32be(four), argument = four, smallest = uint64_t{UINT16_MAX} + 1;
      break;
    default:
      read = r.u64be(eight), argument = eight, smallest = uint64_t{UINT32_MAX} + 1;
      break;
  }
  if (!read) return fail(Code::kMalformed, "cbor.truncated", start);
  if (argument < smallest) return fail(Code::kMalformed, "cbor.not-shortest", start);
  return CborHead{major, argument};
}

bool CborReader::next_is(uint8_t initial) {
  return r_.remaining() > 0 && wire_[r_.at()] == initial && r_.skip(1);
}

Result<uint64_t> CborReader::head(CborMajor major) {
  const size_t start = r_.at();
  ASSIGN_OR_RETURN(const CborHead head, read_cbor_head(r_));
  if (head.major != major) return fail(Code::kMalformed, "cbor.kind", start);
  return head.argument;
}

Result<CborCount> CborReader::container(CborMajor major) {
  const auto open = static_cast<uint8_t>(static_cast<unsigned>(major) << 5 | kOpen);
  if (next_is(open)) return CborCount{true, 0};
  ASSIGN_OR_RETURN(const uint64_t length, head(major));
  return CborCount{false, length};
}

Result<uint64_t> CborReader::unsigned_integer() {
  return head(CborMajor::kUnsigned);
}

Result<BytesView> CborReader::bytes() {
  const size_t start = r_.at();
  ASSIGN_OR_RETURN(const uint64_t length, head(CborMajor::kBytes));
  BytesView out;
  if (!r_.bytes(out, length)) return fail(Code::kMalformed, "cbor.truncated", start);
  return out;
}

Result<std::string_view> CborReader::text() {
  const size_t start = r_.at();
  ASSIGN_OR_RETURN(const uint64_t length, head(CborMajor::kText));
  BytesView out;
  if (!r_.bytes(out, length)) return fail(Code::kMalformed, "cbor.truncated", start);
  if (!is_utf8(out)) return fail(Code::kMalformed, "cbor.utf8", start);
  return as_text(out);
}

Result<uint64_t> CborReader::definite_array() {
  return head(CborMajor::kArray);
}

Result<bool> CborReader::more(CborCount& count) {
  if (count.open) {
    if (r_.done()) return fail(Code::kMalformed, "cbor.truncated", r_.at());
    return !next_is(kBreak);
  }
  if (count.left == 0) return false;
  --count.left;
  return true;
}

Status CborReader::finish() const {
  if (!r_.done()) return fail(Code::kMalformed, "cbor.trailing-bytes", r_.at());
  return {};
}

}  // namespace blindai
