// Byte strings, and the two encodings people read them in.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace blindai {

using Bytes = std::vector<uint8_t>;
using BytesView = std::span<const uint8_t>;
template <size_t N>
using ByteArray = std::array<uint8_t, N>;
using Sha256Digest = ByteArray<32>;

// The bytes of a string, borrowed; and back.
inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(BytesView bytes) {
  return {bytes.begin(), bytes.end()};
}
inline void append(Bytes& out, BytesView more) {
  out.insert(out.end(), more.begin(), more.end());
}

// Equality for public values. Not constant time: secrets go through equal_secret (secret.h).
bool equal(BytesView a, BytesView b);

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(BytesView bytes);
// Either case, an even number of digits, nothing else. Errors: kMalformed "hex.digits".
Result<Bytes> from_hex(std::string_view text);
// Exactly N bytes. Errors: kMalformed "hex.digits", "hex.length".
template <size_t N>
Result<ByteArray<N>> array_from_hex(std::string_view text) {
  ASSIGN_OR_RETURN(Bytes raw, from_hex(text));
  if (raw.size() != N) return fail(Code::kMalformed, "hex.length");
  ByteArray<N> out;
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

// RFC 4648 section 4, with padding, no line breaks.
std::string to_base64(BytesView bytes);
// Canonical form only (padding present, unused bits zero). Errors: kMalformed "base64.text".
Result<Bytes> from_base64(std::string_view text);
// RFC 4648 section 5, without padding.
std::string to_base64url(BytesView bytes);
// Canonical form only. Errors: kMalformed "base64url.text".
Result<Bytes> from_base64url(std::string_view text);

// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(BytesView bytes);
// True when every byte is below 80h.
bool all_ascii(BytesView bytes);

}  // namespace blindai
