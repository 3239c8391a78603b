#include "lib/base/cbor.h"

#include <algorithm>

#include "lib/base/cbor_reader.h"

namespace blindai {
namespace {

void put_head(Bytes& out, CborMajor major, uint64_t argument) {
  const auto initial = [major](uint8_t info) {
    return static_cast<uint8_t>(static_cast<unsigned>(major) << 5 | info);
  };
  if (argument < 24) {
    put_u8(out, initial(static_cast<uint8_t>(argument)));
  } else if (argument <= UINT8_MAX) {
    put_u8(out, initial(24));
    put_u8(out, static_cast<uint8_t>(argument));
  } else if (argument <= UINT16_MAX) {
    put_u8(out, initial(25));
    put_u16be(out, static_cast<uint16_t>(argument));
  } else if (argument <= UINT32_MAX) {
    put_u8(out, initial(26));
    put_u32be(out, static_cast<uint32_t>(argument));
  } else {
    put_u8(out, initial(27));
    put_u64be(out, argument);
  }
}

}  // namespace

class CborParser {
 public:
  CborParser(BytesView wire, CborLimits limits) : r_(wire), limits_(limits) {}

  Result<Cbor> item(uint32_t depth) {
    const size_t start = r_.at();
    if (num_items_ == limits_.items) return fail(Code::kTooLarge, "cbor.items", start);
    ++num_items_;
    ASSIGN_OR_RETURN(const CborHead head, read_cbor_head(r_));
    const CborMajor major = head.major;
    const uint64_t argument = head.argument;
    if (major >= CborMajor::kArray && depth == limits_.depth)
      return fail(Code::kTooLarge, "cbor.depth", start);
    switch (major) {
      case CborMajor::kUnsigned:
        return Cbor::unsigned_integer(argument);
      case CborMajor::kNegative:
        return Cbor::negative(argument);
      case CborMajor::kBytes:
      case CborMajor::kText:
        return string(major, argument);
      case CborMajor::kArray:
        return array(argument, depth);
      case CborMajor::kMap:
        return map(argument, depth);
      default: {
        ASSIGN_OR_RETURN(Cbor content, item(depth + 1));
        return Cbor::tagged(argument, std::move(content));
      }
    }
  }

  Status finish() const {
    if (!r_.done()) return fail(Code::kMalformed, "cbor.trailing-bytes", r_.at());
    return {};
  }

 private:
  Result<Cbor> string(CborMajor major, uint64_t length) {
    const size_t start = r_.at();
    BytesView raw;
    if (!r_.bytes(raw, length)) return fail(Code::kMalformed, "cbor.truncated", start);
    if (major == CborMajor::kBytes) return Cbor::bytes(raw);
    if (!is_utf8(raw)) return fail(Code::kMalformed, "cbor.utf8", start);
    return Cbor::text(as_text(raw));
  }

  Result<Cbor> array(uint64_t length, uint32_t depth) {
    if (length > limits_.items) return fail(Code::kTooLarge, "cbor.items", r_.at());
    Cbor out(Cbor::Kind::kArray);
    for (uint64_t i = 0; i < length; ++i) {
      ASSIGN_OR_RETURN(Cbor element, item(depth + 1));
      out.children_.push_back(std::move(element));
    }
    return out;
  }

  Result<Cbor> map(uint64_t length, uint32_t depth) {
    if (length > limits_.items) return fail(Code::kTooLarge, "cbor.items", r_.at());
    Cbor out(Cbor::Kind::kMap);
    BytesView previous;
    for (uint64_t i = 0; i < length; ++i) {
      const size_t start = r_.at();
      ASSIGN_OR_RETURN(Cbor key, item(depth + 1));
      const BytesView encoded = r_.since(start);
      if (i > 0 && !std::ranges::lexicographical_compare(previous, encoded))
        return fail(Code::kMalformed, "cbor.key-order", start);
      previous = encoded;
      ASSIGN_OR_RETURN(Cbor value, item(depth + 1));
      out.children_.push_back(std::move(key));
      out.children_.push_back(std::move(value));
    }
    return out;
  }

  ByteReader r_;
  const CborLimits limits_;
  uint32_t num_items_ = 0;
};

Result<Cbor> Cbor::parse(BytesView wire, CborLimits limits) {
  CborParser parser(wire, limits);
  ASSIGN_OR_RETURN(Cbor out, parser.item(0));
  RETURN_IF_ERROR(parser.finish());
  return out;
}

Cbor Cbor::integer(int64_t value) {
  return value < 0 ? negative(static_cast<uint64_t>(-(value + 1)))
                   : unsigned_integer(static_cast<uint64_t>(value));
}

Cbor Cbor::unsigned_integer(uint64_t value) {
  Cbor out(Kind::kUnsigned);
  out.number_ = value;
  return out;
}

Cbor Cbor::negative(uint64_t n) {
  Cbor out(Kind::kNegative);
  out.number_ = n;
  return out;
}

Cbor Cbor::bytes(BytesView value) {
  Cbor out(Kind::kBytes);
  out.string_ = to_bytes(value);
  return out;
}

Cbor Cbor::text(std::string_view value) {
  BLINDAI_CHECK(is_utf8(blindai::as_bytes(value)));
  Cbor out(Kind::kText);
  out.string_ = to_bytes(blindai::as_bytes(value));
  return out;
}

Cbor Cbor::array(std::vector<Cbor> elements) {
  Cbor out(Kind::kArray);
  out.children_ = std::move(elements);
  return out;
}

Cbor Cbor::map(std::vector<Entry> entries) {
  std::vector<std::pair<Bytes, size_t>> order;  // encoded key, place in `entries`
  for (const Entry& entry : entries) order.emplace_back(entry.first.encode(), order.size());
  std::ranges::sort(order);
  Cbor out(Kind::kMap);
  for (size_t i = 0; i < order.size(); ++i) {
    BLINDAI_CHECK(i == 0 || order[i - 1].first != order[i].first);
    Entry& entry = entries[order[i].second];
    out.children_.push_back(std::move(entry.first));
    out.children_.push_back(std::move(entry.second));
  }
  return out;
}

Cbor Cbor::tagged(uint64_t tag, Cbor content) {
  Cbor out(Kind::kTag);
  out.number_ = tag;
  out.children_.push_back(std::move(content));
  return out;
}

std::optional<int64_t> Cbor::as_integer() const {
  if ((kind_ != Kind::kUnsigned && kind_ != Kind::kNegative) || number_ > INT64_MAX) return {};
  const auto n = static_cast<int64_t>(number_);
  return kind_ == Kind::kUnsigned ? n : -1 - n;
}

std::optional<uint64_t> Cbor::as_unsigned() const {
  if (kind_ != Kind::kUnsigned) return {};
  return number_;
}

std::optional<std::string_view> Cbor::as_text() const {
  if (kind_ != Kind::kText) return {};
  return blindai::as_text(string_);
}

const Cbor* Cbor::as_tagged(uint64_t tag) const {
  return kind_ == Kind::kTag && number_ == tag ? &children_.front() : nullptr;
}

const Cbor* Cbor::find(std::string_view key) const {
  if (kind_ != Kind::kMap) return nullptr;
  for (size_t i = 0; i + 1 < children_.size(); i += 2)
    if (children_[i].as_text() == key) return &children_[i + 1];
  return nullptr;
}

Bytes Cbor::encode() const {
  Bytes out;
  encode_into(out);
  return out;
}

void Cbor::encode_into(Bytes& out) const {
  switch (kind_) {
    case Kind::kUnsigned:
      put_head(out, CborMajor::kUnsigned, number_);
      break;
    case Kind::kNegative:
      put_head(out, CborMajor::kNegative, number_);
      break;
    case Kind::kBytes:
    case Kind::kText:
      put_head(out, kind_ == Kind::kBytes ? CborMajor::kBytes : CborMajor::kText, string_.size());
      append(out, string_);
      break;
    case Kind::kArray:
      put_head(out, CborMajor::kArray, children_.size());
      break;
    case Kind::kMap:
      put_head(out, CborMajor::kMap, children_.size() / 2);
      break;
    case Kind::kTag:
      put_head(out, CborMajor::kTag, number_);
      break;
  }
  for (const Cbor& child : children_) child.encode_into(out);
}

}  // namespace blindai
