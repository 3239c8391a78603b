#include "lib/oip/element.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "lib/base/byte_reader.h"
#include "lib/oip/json_text.h"

namespace blindai {
namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are little-endian on the wire and in memory");

template <typename T>
bool store(T value, uint8_t* to) {
  std::memcpy(to, &value, sizeof value);
  return true;
}

template <typename T>
bool write_integer(const NumberText& number, uint8_t* to) {
  if (number.kind != kElementInteger) return false;
  if (number.negative) {
    if constexpr (std::is_signed_v<T>) {
      if (number.as_signed < std::numeric_limits<T>::min()) return false;
      return store(static_cast<T>(number.as_signed), to);
    } else {
      return false;
    }
  }
  if (number.as_unsigned > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
  return store(static_cast<T>(number.as_unsigned), to);
}

template <typename T>
bool write_float(const NumberText& number, uint8_t* to) {
  T value = 0;
  const auto read =
      std::from_chars(number.text.data(), number.text.data() + number.text.size(), value);
  if (read.ec == std::errc::result_out_of_range) {
    if (std::abs(number.rough) > 1) return false;
    value = number.text.starts_with('-') ? -T{0} : T{0};
  } else if (read.ec != std::errc() || read.ptr != number.text.data() + number.text.size()) {
    return false;
  }
  return std::isfinite(value) && store(value, to);
}

std::unexpected<Problem> ask_for_binary(Id id, const TensorRef& tensor, std::string_view why) {
  return problem(Code::kInvalid, id,
                 "Tensor " + quoted(tensor.name) + " " + std::string(why) +
                     "; use its binary form (for outputs the parameter \"binary_data\": true).");
}

template <typename T>
Outcome<void> append_numbers(std::string& out, const TensorRef& tensor, uint64_t count) {
  const uint8_t* at = tensor.data.data();
  for (uint64_t i = 0; i < count; ++i, at += sizeof(T)) {
    T value;
    std::memcpy(&value, at, sizeof value);
    if (i != 0) out += ',';
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value))
        return ask_for_binary("oip.tensor-not-finite", tensor,
                              "has a value that JSON cannot carry (infinite or not a number)");
      append_json_number(out, value);
    } else if constexpr (std::is_signed_v<T>) {
      append_json_number(out, static_cast<int64_t>(value));
    } else {
      append_json_number(out, static_cast<uint64_t>(value));
    }
  }
  return {};
}

Outcome<void> append_strings(std::string& out, const TensorRef& tensor, uint64_t count) {
  ByteReader r(tensor.data);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    BytesView text;
    if (!r.u32le(length) || !r.bytes(text, length))
      return problem(Code::kInternal, "oip.tensor-bytes",
                     "Tensor " + quoted(tensor.name) + " is not a list of strings.");
    // Copied before it is checked: the memory may change.
    const std::string copy(as_text(text));
    if (!is_utf8(as_bytes(copy)))
      return ask_for_binary("oip.tensor-not-utf8", tensor, "has a string that is not UTF-8");
    if (i != 0) out += ',';
    append_json_string(out, copy);
  }
  if (!r.done())
    return problem(Code::kInternal, "oip.tensor-bytes",
                   "Tensor " + quoted(tensor.name) + " has bytes after its last string.");
  return {};
}

Outcome<void> append_elements(std::string& out, const TensorRef& tensor, uint64_t count) {
  switch (tensor.datatype) {
    case Datatype::kBool:
      for (uint64_t i = 0; i < count; ++i) {
        if (i != 0) out += ',';
        out += tensor.data[i] != 0 ? "true" : "false";
      }
      return {};
    case Datatype::kUint8:
      return append_numbers<uint8_t>(out, tensor, count);
    case Datatype::kUint16:
      return append_numbers<uint16_t>(out, tensor, count);
    case Datatype::kUint32:
      return append_numbers<uint32_t>(out, tensor, count);
    case Datatype::kUint64:
      return append_numbers<uint64_t>(out, tensor, count);
    case Datatype::kInt8:
      return append_numbers<int8_t>(out, tensor, count);
    case Datatype::kInt16:
      return append_numbers<int16_t>(out, tensor, count);
    case Datatype::kInt32:
      return append_numbers<int32_t>(out, tensor, count);
    case Datatype::kInt64:
      return append_numbers<int64_t>(out, tensor, count);
    case Datatype::kFp32:
      return append_numbers<float>(out, tensor, count);
    case Datatype::kFp64:
      return append_numbers<double>(out, tensor, count);
    case Datatype::kBytes:
      return append_strings(out, tensor, count);
    case Datatype::kFp16:
    case Datatype::kBf16:
      break;
  }
  return ask_for_binary("oip.tensor-no-json", tensor,
                        "is " + std::string(name_of(tensor.datatype)) + ", which has no JSON form");
}

}  // namespace

uint8_t json_kinds_of(Datatype datatype) {
  switch (datatype) {
    case Datatype::kBool:
      return kElementBool;
    case Datatype::kFp32:
    case Datatype::kFp64:
      return kElementInteger | kElementHugeInteger | kElementFraction;
    case Datatype::kBytes:
      return kElementString;
    case Datatype::kFp16:
    case Datatype::kBf16:
      return 0;
    default:
      return kElementInteger;
  }
}

bool write_json_number(Datatype datatype, const NumberText& number, uint8_t* to) {
  switch (datatype) {
    case Datatype::kUint8:
      return write_integer<uint8_t>(number, to);
    case Datatype::kUint16:
      return write_integer<uint16_t>(number, to);
    case Datatype::kUint32:
      return write_integer<uint32_t>(number, to);
    case Datatype::kUint64:
      return write_integer<uint64_t>(number, to);
    case Datatype::kInt8:
      return write_integer<int8_t>(number, to);
    case Datatype::kInt16:
      return write_integer<int16_t>(number, to);
    case Datatype::kInt32:
      return write_integer<int32_t>(number, to);
    case Datatype::kInt64:
      return write_integer<int64_t>(number, to);
    case Datatype::kFp32:
      return write_float<float>(number, to);
    case Datatype::kFp64:
      return write_float<double>(number, to);
    case Datatype::kBool:
    case Datatype::kFp16:
    case Datatype::kBf16:
    case Datatype::kBytes:
      break;
  }
  return false;
}

bool is_bytes_tensor(BytesView data, uint64_t count) {
  ByteReader r(data);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (!r.u32le(length) || !r.skip(length)) return false;
  }
  return r.done();
}

bool has_tensor_size(Datatype datatype, std::span<const int64_t> shape, uint64_t num_bytes) {
  // No element is larger than 8 bytes, so the product below does not overflow.
  const std::optional<uint64_t> count = num_elements(shape, UINT64_MAX / 8);
  if (!count) return false;
  if (datatype != Datatype::kBytes) return *count * element_size(datatype) == num_bytes;
  return *count == 0 ? num_bytes == 0 : *count * kStringPrefix <= num_bytes;
}

Outcome<void> append_json_data(std::string& out, const TensorRef& tensor, uint64_t num_elements) {
  if (tensor.datatype != Datatype::kBytes &&
      tensor.data.size() / element_size(tensor.datatype) < num_elements)
    return problem(Code::kInternal, "oip.tensor-bytes",
                   "Tensor " + quoted(tensor.name) + " has fewer bytes than its shape needs.");
  out += '[';
  RETURN_IF_ERROR(append_elements(out, tensor, num_elements));
  out += ']';
  return {};
}

}  // namespace blindai
