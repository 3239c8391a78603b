#include "lib/auth/key_text.h"

#include <algorithm>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr size_t kChecksumLen = 4;
using Number = ByteArray<32 + kChecksumLen>;  // big-endian

// Computed rather than looked up: an index into a table leaves its trace in a cache.
char digit_of(uint32_t value) {
  return static_cast<char>(value < 10   ? '0' + value
                           : value < 36 ? 'A' + value - 10
                                        : 'a' + value - 36);
}

int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36;
  return -1;
}

ByteArray<kChecksumLen> checksum(std::string_view label, BytesView raw) {
  Sha256 hash;
  hash.update(as_bytes(label));
  hash.update(raw);
  const Sha256Digest digest = hash.finish();
  ByteArray<kChecksumLen> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

// Wiped at its end: it may hold a seed.
struct Scratch {
  Number number{};
  Scratch() = default;
  ~Scratch() { wipe(number.data(), number.size()); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

// number = number * 62 + digit; what does not fit is returned.
uint32_t push_digit(Number& number, uint32_t digit) {
  uint32_t carry = digit;
  for (size_t i = number.size(); i-- > 0;) {
    carry += number[i] * uint32_t{62};
    number[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  return carry;
}

// number = number / 62; the remainder is returned.
uint32_t pop_digit(Number& number) {
  uint32_t rest = 0;
  for (uint8_t& byte : number) {
    rest = rest << 8 | byte;
    byte = static_cast<uint8_t>(rest / 62);
    rest %= 62;
  }
  return rest;
}

}  // namespace

void write_key_digits(std::string_view label, const ByteArray<32>& raw,
                      std::span<char, kKeyDigits> out) {
  Scratch scratch;
  std::ranges::copy(raw, scratch.number.begin());
  std::ranges::copy(checksum(label, raw), std::span(scratch.number).subspan<32>().begin());
  for (size_t i = out.size(); i-- > 0;) out[i] = digit_of(pop_digit(scratch.number));
}

Status read_key_digits(std::string_view label, std::string_view digits, ByteArray<32>& out) {
  BLINDAI_CHECK(digits.size() == kKeyDigits);
  Scratch scratch;
  uint32_t overflow = 0;
  for (const char c : digits) {
    const int value = value_of(c);
    if (value < 0)
      return fail(Code::kMalformed,
                  {"auth.key-characters",
                   "The key has a character that is neither a letter of ASCII nor a digit; copy it "
                   "again, without spaces or line breaks."});
    overflow |= push_digit(scratch.number, static_cast<uint32_t>(value));
  }
  const BytesView raw = BytesView(scratch.number).first(out.size());
  const BytesView sum = BytesView(scratch.number).subspan(out.size());
  if (overflow != 0 || !equal_secret(checksum(label, raw), sum))
    return fail(Code::kMalformed, {"auth.key-checksum",
                                   "The key's checksum does not fit, so a character of it is wrong "
                                   "or two are swapped; copy it again."});
  std::ranges::copy(raw, out.begin());
  return {};
}

}  // namespace blindai
