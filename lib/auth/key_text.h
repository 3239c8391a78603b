// How a key is written for people: 32 bytes and a checksum of 4, as digits in base 62. What
// api_key.h and public_key.h share; docs/formats/api-key.md has the layout.   Pure.
#pragma once

#include <array>

#include "lib/base/bytes.h"

namespace blindai {

// 62^48 < 2^288 < 62^49: every 36 bytes have exactly this many digits, with leading zeros.
inline constexpr size_t kKeyDigits = 49;

// `label` begins what the checksum is taken of, so that one kind of key cannot pass for another.
void write_key_digits(std::string_view label, const ByteArray<32>& raw,
                      std::span<char, kKeyDigits> out);

// The inverse, of exactly kKeyDigits characters; `out` is untouched on failure. The time depends on
// the characters only where one is not a digit. Accepts what write_key_digits() makes and nothing
// else. Errors: kMalformed "auth.key-characters", "auth.key-checksum".
Status read_key_digits(std::string_view label, std::string_view digits, ByteArray<32>& out);

}  // namespace blindai
