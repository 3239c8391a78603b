#include "client/cli/json_element.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "client/cli/half.h"

namespace blindai {
namespace {

constexpr Id kElement{"tensor.element",
                      "A value is not one that the input's datatype can hold; change the value, or "
                      "give the data as .npy."};

template <typename T>
void put_little(Bytes& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<uint8_t>(value & 0xff));
    if constexpr (sizeof(T) > 1) value = static_cast<T>(value >> 8);
  }
}

template <typename T>
bool put_integer(Bytes& out, const JsonValue& value) {
  const std::string_view text = value.raw();
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!value.is(JsonKind::kNumber) || error != std::errc() || end != text.data() + text.size())
    return false;
  put_little(out, static_cast<std::make_unsigned_t<T>>(number));
  return true;
}

bool special(const JsonValue& value, double& out) {
  const auto text = value.plain_string();
  if (!text.has_value()) return false;
  if (*text == "NaN")
    out = std::numeric_limits<double>::quiet_NaN();
  else if (*text == "Infinity")
    out = std::numeric_limits<double>::infinity();
  else if (*text == "-Infinity")
    out = -std::numeric_limits<double>::infinity();
  else
    return false;
  return true;
}

// A finite number that T rounds to infinity is refused; one that it rounds to zero is zero.
template <typename T>
bool read_float(const JsonValue& value, T& out) {
  double wide = 0;
  if (special(value, wide)) {
    out = static_cast<T>(wide);
    return true;
  }
  if (!value.is(JsonKind::kNumber)) return false;
  const std::string_view text = value.raw();
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, out).ec == std::errc()) return true;
  // Out of T's normal range: read as double, where only what is out of double's range fails again.
  const bool fits = std::from_chars(text.data(), end, wide).ec == std::errc();
  if (!fits) {
    // Below the smallest double its mantissa digits are followed by a negative exponent.
    const size_t e = text.find_first_of("eE");
    if (e == std::string_view::npos || e + 1 >= text.size() || text[e + 1] != '-') return false;
    wide = 0;
  }
  if (std::fabs(wide) > static_cast<double>(std::numeric_limits<T>::max())) return false;
  out = static_cast<T>(wide);
  return true;
}

bool put_string(Bytes& out, const JsonValue& value) {
  Bytes raw;
  if (value.is_object() && value.size() == 1) {
    const auto text = value["base64"].plain_string();
    if (!text.has_value()) return false;
    auto decoded = from_base64(*text);
    if (!decoded.has_value()) return false;
    raw = std::move(*decoded);
  } else {
    const auto text = value.string();
    if (!text.has_value()) return false;
    raw = to_bytes(as_bytes(*text));
  }
  if (raw.size() > std::numeric_limits<uint32_t>::max()) return false;
  put_u32le(out, static_cast<uint32_t>(raw.size()));
  append(out, raw);
  return true;
}

bool put_bool(Bytes& out, const JsonValue& value) {
  const auto flag = value.boolean();
  if (flag.has_value()) out.push_back(*flag ? 1 : 0);
  return flag.has_value();
}

bool put_float(Bytes& out, Datatype datatype, const JsonValue& value) {
  float narrow = 0;
  double wide = 0;
  if (datatype == Datatype::kFp64) {
    if (!read_float(value, wide)) return false;
    put_u64le(out, std::bit_cast<uint64_t>(wide));
    return true;
  }
  if (!read_float(value, narrow)) return false;
  if (datatype == Datatype::kFp32) {
    put_u32le(out, std::bit_cast<uint32_t>(narrow));
    return true;
  }
  const uint16_t half = datatype == Datatype::kFp16 ? to_half(narrow) : to_bfloat16(narrow);
  const float back = datatype == Datatype::kFp16 ? from_half(half) : from_bfloat16(half);
  if (std::isinf(back) && !std::isinf(narrow)) return false;
  put_u16le(out, half);
  return true;
}

bool put_element(Bytes& out, Datatype datatype, const JsonValue& value) {
  switch (datatype) {
    case Datatype::kBool:
      return put_bool(out, value);
    case Datatype::kUint8:
      return put_integer<uint8_t>(out, value);
    case Datatype::kUint16:
      return put_integer<uint16_t>(out, value);
    case Datatype::kUint32:
      return put_integer<uint32_t>(out, value);
    case Datatype::kUint64:
      return put_integer<uint64_t>(out, value);
    case Datatype::kInt8:
      return put_integer<int8_t>(out, value);
    case Datatype::kInt16:
      return put_integer<int16_t>(out, value);
    case Datatype::kInt32:
      return put_integer<int32_t>(out, value);
    case Datatype::kInt64:
      return put_integer<int64_t>(out, value);
    case Datatype::kFp16:
    case Datatype::kBf16:
    case Datatype::kFp32:
    case Datatype::kFp64:
      return put_float(out, datatype, value);
    case Datatype::kBytes:
      return put_string(out, value);
  }
  return false;
}

template <typename T>
void append_number(std::string& out, T value) {
  char text[64];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <typename T>
void append_float(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    append_number(out, value);
  }
}

bool append_wide(std::string& out, Datatype datatype, ByteReader& in) {
  uint64_t bits = 0;
  if (!in.u64le(bits)) return false;
  if (datatype == Datatype::kFp64)
    append_float(out, std::bit_cast<double>(bits));
  else if (datatype == Datatype::kInt64)
    append_number(out, static_cast<int64_t>(bits));
  else
    append_number(out, bits);
  return true;
}

bool append_word(std::string& out, Datatype datatype, ByteReader& in) {
  uint32_t bits = 0;
  if (!in.u32le(bits)) return false;
  if (datatype == Datatype::kFp32)
    append_float(out, std::bit_cast<float>(bits));
  else if (datatype == Datatype::kInt32)
    append_number(out, static_cast<int32_t>(bits));
  else
    append_number(out, bits);
  return true;
}

bool append_short(std::string& out, Datatype datatype, ByteReader& in) {
  uint16_t bits = 0;
  if (!in.u16le(bits)) return false;
  if (datatype == Datatype::kFp16)
    append_float(out, from_half(bits));
  else if (datatype == Datatype::kBf16)
    append_float(out, from_bfloat16(bits));
  else if (datatype == Datatype::kInt16)
    append_number(out, static_cast<int16_t>(bits));
  else
    append_number(out, bits);
  return true;
}

bool append_byte(std::string& out, Datatype datatype, ByteReader& in) {
  uint8_t bits = 0;
  if (!in.u8(bits)) return false;
  if (datatype == Datatype::kBool)
    out += bits != 0 ? "true" : "false";
  else if (datatype == Datatype::kInt8)
    append_number(out, int{static_cast<int8_t>(bits)});
  else
    append_number(out, unsigned{bits});
  return true;
}

bool append_string(std::string& out, ByteReader& in) {
  uint32_t length = 0;
  BytesView text;
  if (!in.u32le(length) || !in.bytes(text, length)) return false;
  if (is_utf8(text))
    out += json_quote(as_text(text));
  else
    out += "{\"base64\":\"" + to_base64(text) + "\"}";
  return true;
}

}  // namespace

Status append_element(Bytes& out, Datatype datatype, const JsonValue& value) {
  if (!put_element(out, datatype, value)) return fail(Code::kInvalid, kElement, value.offset());
  return {};
}

bool append_json_element(std::string& out, Datatype datatype, ByteReader& in) {
  switch (element_size(datatype)) {
    case 1:
      return append_byte(out, datatype, in);
    case 2:
      return append_short(out, datatype, in);
    case 4:
      return append_word(out, datatype, in);
    case 8:
      return append_wide(out, datatype, in);
    default:
      return append_string(out, in);
  }
}

}  // namespace blindai
