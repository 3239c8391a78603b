#include "lib/onnx/wire.h"

#include <algorithm>
#include <cstring>

namespace blindai::onnx {
namespace {

constexpr uint64_t kMaxFieldNumber = (1U << 29) - 1;
constexpr int kMaxVarintBytes = 10;

std::unexpected<Refusal> truncated(uint64_t at) {
  return refuse_at(Rule::kTruncated, at, "a field ends beyond the message that it is in.");
}

}  // namespace

std::unexpected<Refusal> refuse_at(Rule rule, uint64_t at, std::string_view what) {
  return refuse(rule, "At byte " + std::to_string(at) + " of the file, " + std::string(what));
}

Checked<uint64_t> WireReader::varint() {
  const uint64_t start = at();
  uint64_t out = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    uint8_t byte = 0;
    if (!r_.u8(byte)) return truncated(start);
    out |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte >= 0x80) continue;
    if (i == kMaxVarintBytes - 1 && byte > 1)
      return refuse_at(Rule::kVarint, start, "a number has more than 64 bits.");
    if (i > 0 && byte == 0)
      return refuse_at(Rule::kVarint, start, "a number is written longer than it needs to be.");
    return out;
  }
  return refuse_at(Rule::kVarint, start, "a number is longer than ten bytes.");
}

Checked<Field> WireReader::next() {
  Field out;
  out.at = at();
  ASSIGN_OR_RETURN(const uint64_t tag, varint());
  if (tag >> 3 == 0 || tag >> 3 > kMaxFieldNumber)
    return refuse_at(Rule::kUnknownField, out.at, "a field has a number that no field can have.");
  out.number = static_cast<uint32_t>(tag >> 3);
  uint64_t length = 0;
  switch (tag & 7) {
    case 0: {
      ASSIGN_OR_RETURN(out.value, varint());
      return out;
    }
    case 1:
      out.type = WireType::kFixed64;
      length = sizeof(uint64_t);
      break;
    case 2: {
      out.type = WireType::kBytes;
      ASSIGN_OR_RETURN(length, varint());
      break;
    }
    case 5:
      out.type = WireType::kFixed32;
      length = sizeof(uint32_t);
      break;
    case 3:
    case 4:
      return refuse_at(Rule::kGroup, out.at, "there is a group, which ONNX files do not have.");
    default:
      return refuse_at(Rule::kWireType, out.at, "a field has a type that does not exist.");
  }
  out.bytes_at = at();
  if (!r_.bytes(out.bytes, length)) return truncated(out.at);
  return out;
}

Checked<VarintList> measure_varints(BytesView list, uint64_t offset) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  VarintList out;
  size_t at = 0;
  while (at < list.size()) {
    // Eight numbers of one byte each at once: what weights of few bits mostly are.
    uint64_t word = 0;
    if (list.size() - at >= sizeof word) {
      std::memcpy(&word, list.data() + at, sizeof word);
      if ((word & kHighBits) == 0) {
        at += sizeof word;
        out.count += sizeof word;
        out.longest = std::max<uint64_t>(out.longest, 1);
        continue;
      }
    }
    // Then the numbers of about one word, however long they are.
    WireReader r(list.subspan(at), offset + at);
    const uint64_t start = r.at();
    while (!r.done() && r.at() - start < sizeof word) {
      const uint64_t before = r.at();
      RETURN_IF_ERROR(r.varint());
      ++out.count;
      out.longest = std::max(out.longest, r.at() - before);
    }
    at += static_cast<size_t>(r.at() - start);
  }
  return out;
}

}  // namespace blindai::onnx
