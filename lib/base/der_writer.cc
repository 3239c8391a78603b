#include "lib/base/der_writer.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04,
                  kNull = 0x05, kOid = 0x06, kEnumerated = 0x0a, kUtf8String = 0x0c,
                  kPrintableString = 0x13, kUtcTime = 0x17, kGeneralizedTime = 0x18,
                  kSequence = 0x30, kSet = 0x31;

// Big-endian, without leading zeros; at least one byte.
Bytes shortest(uint64_t value) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (byte != 0 || !out.empty() || shift == 0) out.push_back(byte);
  }
  return out;
}

// X.690 section 8.19.2: seven bits a byte, the first byte not 0x80.
void put_base128(Bytes& out, uint64_t value) {
  int shift = 63;
  while (shift > 0 && (value >> shift) == 0) shift -= 7;
  for (; shift > 0; shift -= 7)
    out.push_back(static_cast<uint8_t>(0x80 | ((value >> shift) & 0x7f)));
  out.push_back(static_cast<uint8_t>(value & 0x7f));
}

void put_digits(std::string& out, int value, int width) {
  BLINDAI_CHECK(value >= 0);
  const std::string digits = std::to_string(value);
  BLINDAI_CHECK(digits.size() <= static_cast<size_t>(width));
  out.append(static_cast<size_t>(width) - digits.size(), '0').append(digits);
}

}  // namespace

Bytes der(uint8_t tag, BytesView content) {
  Bytes out = {tag};
  if (content.size() < 128) {
    put_u8(out, static_cast<uint8_t>(content.size()));
  } else {
    const Bytes length = shortest(content.size());
    put_u8(out, static_cast<uint8_t>(0x80 | length.size()));
    append(out, length);
  }
  append(out, content);
  return out;
}

Bytes der_sequence(const std::vector<Bytes>& elements) {
  Bytes content;
  for (const Bytes& element : elements) append(content, element);
  return der(kSequence, content);
}

Bytes der_set_of_one(const Bytes& element) {
  return der(kSet, element);
}

Bytes der_context(uint8_t number, BytesView content) {
  BLINDAI_CHECK(number < 31);
  return der(static_cast<uint8_t>(0xa0 | number), content);
}

Bytes der_context_primitive(uint8_t number, BytesView content) {
  BLINDAI_CHECK(number < 31);
  return der(static_cast<uint8_t>(0x80 | number), content);
}

Bytes der_boolean(bool value) {
  const uint8_t content[] = {static_cast<uint8_t>(value ? 0xff : 0)};
  return der(kBoolean, content);
}

Bytes der_integer(uint64_t value) {
  return der_unsigned(shortest(value));
}

Bytes der_unsigned(BytesView big_endian) {
  while (big_endian.size() > 1 && big_endian[0] == 0) big_endian = big_endian.subspan(1);
  Bytes content;
  if (big_endian.empty() || (big_endian[0] & 0x80) != 0) content.push_back(0);
  append(content, big_endian);
  return der(kInteger, content);
}

Bytes der_enumerated(uint8_t value) {
  BLINDAI_CHECK(value < 128);
  return der(kEnumerated, {&value, 1});
}

Bytes der_null() {
  return der(kNull, {});
}

Bytes der_oid(std::string_view dotted) {
  std::vector<uint64_t> arcs;
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  while (true) {
    uint64_t arc = 0;
    const auto [next, error] = std::from_chars(at, end, arc);
    BLINDAI_CHECK(error == std::errc() && next != at);
    arcs.push_back(arc);
    if (next == end) break;
    BLINDAI_CHECK(*next == '.');
    at = next + 1;
  }
  BLINDAI_CHECK(arcs.size() >= 2 && arcs[0] <= 2 && (arcs[0] == 2 || arcs[1] < 40));
  Bytes content;
  put_base128(content, arcs[0] * 40 + arcs[1]);
  for (size_t i = 2; i < arcs.size(); ++i) put_base128(content, arcs[i]);
  return der(kOid, content);
}

Bytes der_octet_string(BytesView value) {
  return der(kOctetString, value);
}

Bytes der_bit_string(BytesView value, uint8_t unused) {
  BLINDAI_CHECK(unused < 8);
  Bytes content = {unused};
  append(content, value);
  return der(kBitString, content);
}

Bytes der_utf8(std::string_view text) {
  BLINDAI_CHECK(is_utf8(as_bytes(text)));
  return der(kUtf8String, as_bytes(text));
}

Bytes der_printable(std::string_view text) {
  return der(kPrintableString, as_bytes(text));
}

Bytes der_time(Time time) {
  using namespace std::chrono;
  const sys_seconds at{seconds(time.seconds)};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  const int year = static_cast<int>(date.year());
  const bool utc = year >= 1950 && year < 2050;
  std::string text;
  put_digits(text, utc ? year % 100 : year, utc ? 2 : 4);
  put_digits(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  put_digits(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  put_digits(text, static_cast<int>(clock.hours().count()), 2);
  put_digits(text, static_cast<int>(clock.minutes().count()), 2);
  put_digits(text, static_cast<int>(clock.seconds().count()), 2);
  text += 'Z';
  return der(utc ? kUtcTime : kGeneralizedTime, as_bytes(text));
}

std::string to_pem(std::string_view label, BytesView der) {
  const std::string body = to_base64(der);
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t at = 0; at < body.size(); at += 64) out.append(body, at, 64).append("\n");
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace blindai
