#include <algorithm>
#include <charconv>
#include <deque>

#include "lib/base/json.h"

namespace blindai {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void put_utf8(std::string& out, uint32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Four hexadecimal digits; false when there are fewer.
bool hex4(std::string_view text, size_t at, uint32_t& out) {
  if (text.size() < at || text.size() - at < 4) return false;
  const char* end = text.data() + at + 4;
  const auto [stop, error] = std::from_chars(text.data() + at, end, out, 16);
  return error == std::errc() && stop == end;
}

// One escape at text[at] == '\\'. Advances past it and gives its code point; false when it is not
// one.
bool read_escape(std::string_view text, size_t& at, uint32_t& point) {
  if (at + 1 >= text.size()) return false;
  const char c = text[at + 1];
  at += 2;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      point = static_cast<unsigned char>(c);
      return true;
    case 'b':
      point = 8;
      return true;
    case 'f':
      point = 12;
      return true;
    case 'n':
      point = 10;
      return true;
    case 'r':
      point = 13;
      return true;
    case 't':
      point = 9;
      return true;
    case 'u':
      break;
    default:
      return false;
  }
  if (!hex4(text, at, point)) return false;
  at += 4;
  if (point < 0xd800 || point > 0xdfff) return true;
  uint32_t low = 0;  // a high surrogate needs its low one
  if (point > 0xdbff || text.substr(at, 2) != "\\u" || !hex4(text, at + 2, low) || low < 0xdc00 ||
      low > 0xdfff)
    return false;
  at += 6;
  point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  return true;
}

}  // namespace

class JsonReader {
 public:
  JsonReader(std::string_view text, const JsonLimits& limits, JsonDocument& doc)
      : text_(text), limits_(limits), doc_(doc) {}

  Status read() {
    skip_space();
    RETURN_IF_ERROR(value(0));
    skip_space();
    if (at_ != text_.size()) return fail(Code::kMalformed, "json.trailing", at_);
    return {};
  }

 private:
  using Node = JsonDocument::Node;

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::unexpected<Error> syntax() const { return fail(Code::kMalformed, "json.syntax", at_); }
  uint32_t here() const { return static_cast<uint32_t>(at_); }

  // `depth` is the number of arrays and objects around the value; recursion is bounded by
  // max_depth.
  Status value(size_t depth) {
    if (doc_.nodes_.size() >= limits_.max_values)
      return fail(Code::kTooLarge, "json.too-large", at_);
    if (at_ >= text_.size()) return syntax();
    const size_t index = doc_.nodes_.size();
    doc_.nodes_.emplace_back();
    doc_.nodes_[index].begin = here();
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth >= limits_.max_depth) return fail(Code::kTooLarge, "json.too-large", at_);
      RETURN_IF_ERROR(c == '{' ? object(index, depth) : array(index, depth));
    } else if (c == '"') {
      doc_.nodes_[index].kind = JsonKind::kString;
      ++at_;
      RETURN_IF_ERROR(string(doc_.nodes_[index].escaped));
    } else if (c == '-' || is_digit(c)) {
      doc_.nodes_[index].kind = JsonKind::kNumber;
      RETURN_IF_ERROR(number());
    } else {
      RETURN_IF_ERROR(word(doc_.nodes_[index]));
    }
    doc_.nodes_[index].end = here();
    doc_.nodes_[index].next = static_cast<uint32_t>(doc_.nodes_.size());
    return {};
  }

  Status word(Node& node) {
    constexpr struct {
      std::string_view text;
      JsonKind kind;
    } kWords[] = {
        {"true", JsonKind::kTrue}, {"false", JsonKind::kFalse}, {"null", JsonKind::kNull}};
    for (const auto& w : kWords) {
      if (text_.substr(at_, w.text.size()) != w.text) continue;
      node.kind = w.kind;
      at_ += w.text.size();
      return {};
    }
    return syntax();
  }

  Status array(size_t index, size_t depth) {
    doc_.nodes_[index].kind = JsonKind::kArray;
    ++at_;
    skip_space();
    if (take(']')) return {};
    for (;;) {
      RETURN_IF_ERROR(value(depth + 1));
      ++doc_.nodes_[index].count;
      skip_space();
      if (take(']')) return {};
      if (!take(',')) return syntax();
      skip_space();
    }
  }

  Status object(size_t index, size_t depth) {
    doc_.nodes_[index].kind = JsonKind::kObject;
    ++at_;
    skip_space();
    if (take('}')) return {};
    for (;;) {
      Node key;
      if (!take('"')) return syntax();
      key.key_begin = here();
      RETURN_IF_ERROR(string(key.key_escaped));
      key.key_end = here() - 1;
      skip_space();
      if (!take(':')) return syntax();
      skip_space();
      const size_t member = doc_.nodes_.size();
      RETURN_IF_ERROR(value(depth + 1));
      doc_.nodes_[member].key_begin = key.key_begin;
      doc_.nodes_[member].key_end = key.key_end;
      doc_.nodes_[member].key_escaped = key.key_escaped;
      ++doc_.nodes_[index].count;
      skip_space();
      if (take('}')) break;
      if (!take(',')) return syntax();
      skip_space();
    }
    return no_duplicates(index);
  }

  // Sorted comparison, so that an object with very many members stays cheap.
  Status no_duplicates(size_t index) {
    const uint32_t count = doc_.nodes_[index].count;
    if (count < 2) return {};
    std::deque<std::string> unescaped;  // what views below are views of
    std::vector<std::string_view>& keys = keys_;
    keys.clear();
    size_t at = index + 1;
    for (uint32_t i = 0; i < count; ++i, at = doc_.nodes_[at].next) {
      const Node& node = doc_.nodes_[at];
      const std::string_view raw = text_.substr(node.key_begin, node.key_end - node.key_begin);
      keys.push_back(node.key_escaped ? unescaped.emplace_back(JsonDocument::unescape(raw)) : raw);
    }
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end())
      return fail(Code::kMalformed, "json.duplicate-key", doc_.nodes_[index].begin);
    return {};
  }

  // After the opening quote, to after the closing one.
  Status string(bool& escaped) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return {};
      }
      if (static_cast<unsigned char>(c) < 0x20) return syntax();
      if (c == '\\') {
        escaped = true;
        uint32_t point = 0;
        if (!read_escape(text_, at_, point)) return syntax();
      } else {
        ++at_;
      }
    }
    return syntax();
  }

  Status number() {
    take('-');
    if (take('0')) {
      if (at_ < text_.size() && is_digit(text_[at_])) return syntax();
    } else if (!some_digits()) {
      return syntax();
    }
    if (take('.') && !some_digits()) return syntax();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!some_digits()) return syntax();
    }
    return {};
  }
  bool some_digits() {
    const size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ != from;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  JsonDocument& doc_;
  size_t at_ = 0;
  std::vector<std::string_view> keys_;  // of one object at a time
};

Result<JsonDocument> JsonDocument::parse(std::string_view text, const JsonLimits& limits) {
  // Offsets are kept in 32 bits.
  if (text.size() > limits.max_bytes || text.size() > UINT32_MAX)
    return fail(Code::kTooLarge, "json.too-large");
  if (!is_utf8(as_bytes(text))) return fail(Code::kMalformed, "json.utf8");
  JsonDocument doc;
  doc.text_ = text;
  doc.nodes_.reserve(std::min<size_t>(text.size() / 8 + 1, limits.max_values));
  RETURN_IF_ERROR(JsonReader(text, limits, doc).read());
  return doc;
}

std::string JsonDocument::unescape(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  for (size_t at = 0; at < inner.size();) {
    if (inner[at] != '\\') {
      out += inner[at++];
      continue;
    }
    uint32_t point = 0;
    BLINDAI_CHECK(read_escape(inner, at, point));
    put_utf8(out, point);
  }
  return out;
}

}  // namespace blindai
