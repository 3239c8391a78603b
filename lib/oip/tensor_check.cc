#include "lib/oip/tensor_check.h"

#include <algorithm>

#include "lib/oip/json_text.h"

namespace blindai {
namespace {

std::string described(std::string_view noun, const OipTensor& tensor) {
  return std::string(noun) + " " + quoted(*tensor.name) + " of shape " + shape_text(*tensor.shape) +
         " and datatype " + std::string(name_of(*tensor.datatype));
}

// `data` may be flat, or nested as the shape is. Both are row-major.
bool fits_shape(const TensorData& data, std::span<const int64_t> shape, uint64_t count) {
  if (data.count != count) return false;
  if (data.lengths.size() == 1 && data.lengths[0] == count) return true;
  if (!data.even || data.lengths.size() > shape.size()) return false;
  for (size_t i = 0; i < data.lengths.size(); ++i)
    if (data.lengths[i] != static_cast<uint64_t>(shape[i])) return false;
  // Without elements the arrays end at the first dimension that is 0.
  return count == 0 || data.lengths.size() == shape.size();
}

std::string_view wanted(Datatype datatype) {
  switch (json_kinds_of(datatype)) {
    case kElementBool:
      return "true or false";
    case kElementString:
      return "strings";
    case kElementInteger:
      return "integers, written without a point or an exponent";
    default:
      return "numbers";
  }
}

Outcome<uint64_t> json_bytes(std::string_view noun, const OipTensor& tensor, uint64_t count,
                             const InferLimits& limits) {
  const Datatype datatype = *tensor.datatype;
  const uint8_t kinds = json_kinds_of(datatype);
  if (kinds == 0)
    return problem(Code::kInvalid, "oip.data-no-json",
                   std::string(name_of(datatype)) + " has no JSON form; send " + std::string(noun) +
                       " " + quoted(*tensor.name) + " as binary.");
  if (tensor.data.kinds == (kElementInteger | kElementHugeInteger) ||
      tensor.data.kinds == kElementHugeInteger) {
    if (kinds == kElementInteger)
      return problem(Code::kInvalid, "oip.data-range",
                     "An element of " + described(noun, tensor) + " is outside the range of " +
                         std::string(name_of(datatype)) + ".");
  }
  if ((tensor.data.kinds & ~kinds) != 0)
    return problem(Code::kInvalid, "oip.data-type",
                   "\"data\" of " + described(noun, tensor) + " must hold " +
                       std::string(wanted(datatype)) + ".");
  if (!fits_shape(tensor.data, *tensor.shape, count))
    return problem(Code::kInvalid, "oip.data-count",
                   "\"data\" of " + described(noun, tensor) + " has " +
                       std::to_string(tensor.data.count) + " elements instead of " +
                       std::to_string(count) +
                       ", or is nested differently; send it flat or nested as the shape is.");
  if (datatype != Datatype::kBytes) return count * element_size(datatype);
  const uint64_t bytes = count * kStringPrefix + tensor.data.string_bytes;
  if (bytes > limits.tensor_bytes)
    return problem(Code::kTooLarge, "oip.tensor-size",
                   "The " + described(noun, tensor) + " has " + std::to_string(bytes) +
                       " bytes; at most " + std::to_string(limits.tensor_bytes) + " are taken.");
  return bytes;
}

// A shape that no memory could hold is a mistake, not a large request.
std::unexpected<Problem> too_many(std::string_view noun, const OipTensor& tensor,
                                  const InferLimits& limits) {
  if (!num_elements(*tensor.shape, INT64_MAX / 8))
    return problem(
        Code::kMalformed, "oip.shape",
        "The " + described(noun, tensor) + " would have more elements than any memory holds.");
  return problem(Code::kTooLarge, "oip.tensor-size",
                 "The " + described(noun, tensor) + " is larger than the " +
                     std::to_string(limits.tensor_bytes) + " bytes that are taken.");
}

}  // namespace

Outcome<uint64_t> checked_tensor_bytes(std::string_view noun, const OipTensor& tensor,
                                       const InferLimits& limits) {
  if (!tensor.name || !tensor.shape || !tensor.datatype)
    return problem(Code::kMalformed, "oip.field-missing",
                   "An " + std::string(noun) + " lacks " +
                       (!tensor.name    ? "its name"
                        : !tensor.shape ? "its shape"
                                        : "its datatype") +
                       (tensor.name ? ": " + quoted(*tensor.name) : std::string()) + ".");
  if (tensor.data.present && tensor.binary_bytes)
    return problem(Code::kMalformed, "oip.data-twice",
                   "The " + std::string(noun) + " " + quoted(*tensor.name) +
                       " has both \"data\" and \"binary_data_size\"; send one of them.");
  if (!tensor.data.present && !tensor.binary_bytes)
    return problem(Code::kMalformed, "oip.data-missing",
                   "The " + std::string(noun) + " " + quoted(*tensor.name) +
                       " has neither \"data\" nor \"binary_data_size\".");
  const bool strings = *tensor.datatype == Datatype::kBytes;
  const uint64_t least = strings ? kStringPrefix : element_size(*tensor.datatype);
  const auto count = num_elements(*tensor.shape, limits.tensor_bytes / least);
  if (!count) return too_many(noun, tensor, limits);
  if (tensor.data.present) return json_bytes(noun, tensor, *count, limits);
  if (!has_tensor_size(*tensor.datatype, *tensor.shape, *tensor.binary_bytes))
    return problem(Code::kInvalid, "oip.byte-count",
                   "The " + described(noun, tensor) + " needs " + (strings ? "at least " : "") +
                       std::to_string(*count * least) + " bytes, but binary_data_size is " +
                       std::to_string(*tensor.binary_bytes) + ".");
  if (*tensor.binary_bytes > limits.tensor_bytes)
    return problem(Code::kTooLarge, "oip.tensor-size",
                   "The " + described(noun, tensor) + " has " +
                       std::to_string(*tensor.binary_bytes) + " bytes; at most " +
                       std::to_string(limits.tensor_bytes) + " are taken.");
  return *tensor.binary_bytes;
}

Outcome<void> check_tensor_contents(std::string_view noun, std::string_view name, Datatype datatype,
                                    std::span<const int64_t> shape, BytesView data) {
  if (datatype == Datatype::kBool &&
      std::ranges::any_of(data, [](uint8_t byte) { return byte > 1; }))
    return problem(Code::kInvalid, "oip.bool-byte",
                   "The " + std::string(noun) + " " + quoted(name) +
                       " is BOOL, but has a byte that is neither 0 nor 1.");
  if (datatype != Datatype::kBytes) return {};
  const auto count = num_elements(shape, UINT64_MAX);
  // Counts beyond the bytes fail at the first string that is not there.
  if (!count || !is_bytes_tensor(data, *count))
    return problem(Code::kInvalid, "oip.bytes-layout",
                   "The " + std::string(noun) + " " + quoted(name) + " of shape " +
                       shape_text(shape) +
                       " is not as many strings, each a 4-byte little-endian length and that many "
                       "bytes.");
  return {};
}

}  // namespace blindai
