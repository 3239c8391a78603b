#include "lib/oip/json_text.h"

#include <algorithm>
#include <charconv>

namespace blindai {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr size_t kQuotedBytes = 64;

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

template <typename T>
void append_number(std::string& out, T value) {
  char text[32];  // the longest: -2.2250738585072014e-308, 24 characters
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const bool plain = std::ranges::all_of(text, is_ascii);
  const bool utf8 = plain || is_utf8(as_bytes(text));
  out += '"';
  if (utf8 && std::ranges::none_of(text, needs_escape)) {
    out += text;
  } else {
    for (char c : text) {
      if (needs_escape(c)) {
        append_escaped(out, c);
      } else {
        out += utf8 || is_ascii(c) ? c : '?';
      }
    }
  }
  out += '"';
}

void append_json_number(std::string& out, int64_t value) {
  append_number(out, value);
}
void append_json_number(std::string& out, uint64_t value) {
  append_number(out, value);
}
void append_json_number(std::string& out, float value) {
  append_number(out, value);
}
void append_json_number(std::string& out, double value) {
  append_number(out, value);
}

void append_json_shape(std::string& out, std::span<const int64_t> shape) {
  out += '[';
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) out += ',';
    append_number(out, shape[i]);
  }
  out += ']';
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string out;
  append_json_shape(out, shape);
  return out;
}

std::string quoted(std::string_view name) {
  size_t length = std::min(name.size(), kQuotedBytes);
  // Not in the middle of a UTF-8 sequence.
  while (length < name.size() && length > 0 && (name[length] & '\xc0') == '\x80') --length;
  std::string out = "\"";
  for (char c : name.substr(0, length))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (length < name.size()) out += "...";
  out += '"';
  return out;
}

}  // namespace blindai
