#include "lib/base/bytes.h"

#include <algorithm>
#include <cstring>

namespace blindai {
namespace {

// Both digits of each byte. Every check of evidence tells values in hexadecimal, so it counts.
constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return out;
}();
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The value of each letter; -1 for every other byte.
constexpr std::array<int8_t, 256> kBase64Values = [] {
  std::array<int8_t, 256> out{};
  out.fill(-1);
  for (size_t i = 0; i < 64; ++i) out[static_cast<uint8_t>(kBase64[i])] = static_cast<int8_t>(i);
  return out;
}();

int base64_value(char c) {
  return kBase64Values[static_cast<uint8_t>(c)];
}

// How many bytes at the beginning are ASCII, counted in words of eight.
size_t ascii_words(BytesView bytes) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t n = 0;
  for (uint64_t word = 0; bytes.size() - n >= sizeof word; n += sizeof word) {
    std::memcpy(&word, bytes.data() + n, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  return n;
}

}  // namespace

bool equal(BytesView a, BytesView b) {
  return std::ranges::equal(a, b);
}

std::string to_hex(BytesView bytes) {
  std::string out(bytes.size() * 2, '0');
  char* at = out.data();
  for (const uint8_t byte : bytes) {
    std::memcpy(at, kHexPairs[byte].data(), 2);
    at += 2;
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::kMalformed, "hex.digits", text.size());
  Bytes out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]);
    int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(Code::kMalformed, "hex.digits", i);
    out.push_back(static_cast<uint8_t>(high * 16 + low));
  }
  return out;
}

std::string to_base64(BytesView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = static_cast<uint32_t>(bytes[i]) << 16;
    if (n > 1) group |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (n > 2) group |= bytes[i + 2];
    out += kBase64[group >> 18];
    out += kBase64[(group >> 12) & 63];
    out += n > 1 ? kBase64[(group >> 6) & 63] : '=';
    out += n > 2 ? kBase64[group & 63] : '=';
  }
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Code::kMalformed, "base64.text", text.size());
  Bytes out(text.size() / 4 * 3);
  uint8_t* to = out.data();
  for (size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const size_t padding = !last ? 0 : text[i + 2] == '=' ? 2 : text[i + 3] == '=' ? 1 : 0;
    if (padding == 2 && text[i + 3] != '=') return fail(Code::kMalformed, "base64.text", i);
    uint32_t group = 0;
    for (size_t k = 0; k < 4 - padding; ++k) {
      int value = base64_value(text[i + k]);
      if (value < 0) return fail(Code::kMalformed, "base64.text", i + k);
      group |= static_cast<uint32_t>(value) << (18 - 6 * k);
    }
    // Bits past the last whole byte must be zero, or two texts would mean the same bytes.
    if ((padding == 2 && (group & 0xffff) != 0) || (padding == 1 && (group & 0xff) != 0))
      return fail(Code::kMalformed, "base64.text", i);
    *to++ = static_cast<uint8_t>(group >> 16);
    if (padding < 2) *to++ = static_cast<uint8_t>(group >> 8);
    if (padding < 1) *to++ = static_cast<uint8_t>(group);
  }
  out.resize(static_cast<size_t>(to - out.data()));
  return out;
}

std::string to_base64url(BytesView bytes) {
  std::string out = to_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

Result<Bytes> from_base64url(std::string_view text) {
  std::string standard(text);
  for (size_t i = 0; i < standard.size(); ++i) {
    char& c = standard[i];
    if (c == '+' || c == '/' || c == '=') return fail(Code::kMalformed, "base64url.text", i);
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  Result<Bytes> out = from_base64(standard);
  if (!out.has_value()) return fail(Code::kMalformed, "base64url.text", out.error().at);
  return out;
}

bool all_ascii(BytesView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte < 0x80; });
}

bool is_utf8(BytesView bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const uint8_t lead = bytes[i];
    if (lead < 0x80) {
      ++i;
      i += ascii_words(bytes.subspan(i));
      continue;
    }
    size_t length;
    uint32_t point;
    uint32_t least;
    if (lead >= 0xc2 && lead <= 0xdf) {
      length = 2, point = lead & 0x1fu, least = 0x80;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      length = 3, point = lead & 0x0fu, least = 0x800;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      length = 4, point = lead & 0x07u, least = 0x10000;
    } else {
      return false;
    }
    if (bytes.size() - i < length) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((bytes[i + k] & 0xc0) != 0x80) return false;
      point = point << 6 | (bytes[i + k] & 0x3fu);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

}  // namespace blindai
