// Tensor datatypes and signatures, by their Open Inference Protocol names.
// Source: Open Inference Protocol v2, "Tensor Data Types"; BF16 as Triton adds it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blindai {

enum class Datatype : uint8_t {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kBf16,
  kFp32,
  kFp64,
  kBytes,  // strings: each element a 4-byte little-endian length, then that many bytes
};
inline constexpr uint8_t kNumDatatypes = 14;

std::string_view name_of(Datatype datatype);  // "FP32"
std::optional<Datatype> datatype_from_name(std::string_view name);
// Bytes per element; 0 for kBytes, whose elements have their own lengths.
size_t element_size(Datatype datatype);

// One input or output of a model. shape: row-major; -1 is a dimension that varies between calls.
struct TensorSpec {
  std::string name;
  Datatype datatype;
  std::vector<int64_t> shape;
  bool operator==(const TensorSpec&) const = default;
};

struct ModelSignature {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool operator==(const ModelSignature&) const = default;
};

// The product of the dimensions, or nothing when one is negative or the product is over `limit`
// (checked before each multiplication, so 2^63 shapes do not overflow).
std::optional<uint64_t> num_elements(std::span<const int64_t> shape, uint64_t limit);

}  // namespace blindai
