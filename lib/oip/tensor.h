// Tensors as the Open Inference Protocol's codec takes and gives them, and the limits it keeps to.
#pragma once

#include <span>

#include "lib/base/bytes.h"
#include "lib/oip/datatype.h"

namespace blindai {

// What is accepted before anything is allocated. Every count of a peer is held against it.
struct InferLimits {
  uint64_t json_bytes = 64ull << 20;   // the JSON part of one message
  uint64_t tensor_bytes = 1ull << 30;  // all tensors of one message, each rounded up to kAlignment
  size_t num_tensors = 256;            // inputs; and outputs
  size_t rank = 32;                    // dimensions of one tensor
  size_t string_bytes = 256;           // id and each name
};

// Of each tensor's offset in an area: a cache line, and what ONNX Runtime's kernels like best.
inline constexpr uint64_t kTensorAlignment = 64;

// One tensor to be sent; everything is borrowed.
struct TensorRef {
  std::string_view name;
  Datatype datatype;
  std::span<const int64_t> shape;  // row-major; each dimension at least 0; [] is a scalar
  BytesView data;      // packed, little-endian; BYTES: 4-byte length and bytes for each element
  bool binary = true;  // false: as JSON numbers, booleans or strings
};

// A message ready to be sent: `json`, then the binary tensors in order, not copied. When there are
// binary tensors the HTTP header Inference-Header-Content-Length carries json.size(); otherwise it
// is left out and the body is the JSON alone.
struct InferBody {
  std::string json;
  std::vector<BytesView> binary;
  uint64_t binary_bytes = 0;
};

}  // namespace blindai
