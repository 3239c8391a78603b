#include "lib/base/json.h"

#include <charconv>

namespace blindai {

JsonValue JsonDocument::root() const {
  return {this, 0};
}

std::string_view JsonValue::raw() const {
  if (!exists()) return {};
  return doc_->text_.substr(node().begin, node().end - node().begin);
}

Result<std::string> JsonValue::string() const {
  if (!is_string()) return fail(Code::kMalformed, "json.type", offset());
  const std::string_view quoted = raw();
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  return node().escaped ? JsonDocument::unescape(inner) : std::string(inner);
}

Result<std::string_view> JsonValue::plain_string() const {
  if (!is_string() || node().escaped) return fail(Code::kMalformed, "json.type", offset());
  const std::string_view quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

namespace {
template <typename T>
Result<T> integer(std::string_view text, size_t offset) {
  T out = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || stop != text.data() + text.size())
    return fail(Code::kMalformed, "json.number", offset);
  return out;
}
}  // namespace

Result<uint64_t> JsonValue::u64() const {
  if (!is(JsonKind::kNumber)) return fail(Code::kMalformed, "json.type", offset());
  return integer<uint64_t>(raw(), offset());
}

Result<int64_t> JsonValue::i64() const {
  if (!is(JsonKind::kNumber)) return fail(Code::kMalformed, "json.type", offset());
  return integer<int64_t>(raw(), offset());
}

Result<bool> JsonValue::boolean() const {
  if (is(JsonKind::kTrue)) return true;
  if (is(JsonKind::kFalse)) return false;
  return fail(Code::kMalformed, "json.type", offset());
}

size_t JsonValue::size() const {
  return exists() ? node().count : 0;
}

JsonValue JsonValue::operator[](std::string_view key) const {
  if (!is_object()) return {};
  for (JsonValue v = first(); v.exists(); v = v.next_in(*this)) {
    const JsonDocument::Node& member = v.node();
    const std::string_view raw_key =
        doc_->text_.substr(member.key_begin, member.key_end - member.key_begin);
    if (member.key_escaped ? JsonDocument::unescape(raw_key) == key : raw_key == key) return v;
  }
  return {};
}

JsonValue JsonValue::first() const {
  return size() == 0 ? JsonValue() : JsonValue(doc_, index_ + 1);
}

JsonValue JsonValue::next_in(const JsonValue& parent) const {
  return node().next < parent.node().next ? JsonValue(doc_, node().next) : JsonValue();
}

std::string JsonValue::key() const {
  if (!exists() || node().key_end == 0) return {};
  const std::string_view raw_key =
      doc_->text_.substr(node().key_begin, node().key_end - node().key_begin);
  return node().key_escaped ? JsonDocument::unescape(raw_key) : std::string(raw_key);
}

std::string json_quote(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const bool good = is_utf8(as_bytes(text));
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (byte >= 0x80 && !good) {
      out += "\xef\xbf\xbd";
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

}  // namespace blindai
