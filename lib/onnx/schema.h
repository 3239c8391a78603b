// The messages of ONNX as a table, and the first walk over a file: that its bytes are these
// messages and nothing else.
//
// After the walk every message is well-formed, every number fits its field, texts are UTF-8 and not
// absurdly long, nothing occurs twice that may occur once, no field is unknown, and there are no
// more nodes, initializers, attributes, graphs within graphs, names, strings, numbers in lists and
// messages than lib/onnx/limits.h allows. What a model may not hold at all (external data,
// functions, training, ...) has been refused too, by the name of the node or initializer it is in.
//
// Protobuf merges fields that repeat and keeps what it does not know; both let a checker and ONNX
// Runtime see different models, so both are refused. A field that belongs to a later ONNX is
// unknown: ONNX Runtime 1.28.0 would not act on it, and the model's owner should know.
//
// Source: onnx-ml.proto of ONNX 1.22.0, which is what ONNX Runtime 1.28.0 is built with (the paths
// in its own messages say so).   Pure; allocates for refusals only; time and stack: O(file) without
// the weights, O(kMaxGraphDepth).
#pragma once

#include "lib/onnx/wire.h"

namespace blindai::onnx {

// What one file has of everything; the sums over all graphs.
struct Counts {
  uint64_t nodes = 0;
  uint64_t initializers = 0;
  uint64_t attributes = 0;
  uint64_t subgraphs = 0;
  uint64_t graph_depth = 0;     // 1: subgraphs without subgraphs
  uint64_t values = 0;          // names that nodes use and make
  uint64_t strings = 0;         // in lists
  uint64_t listed_numbers = 0;  // integers in lists
  uint64_t parts = 0;           // messages of any kind
  bool operator==(const Counts&) const = default;
};

// Field numbers that the checks of meaning use.
namespace model_field {
enum : uint32_t { kIrVersion = 1, kGraph = 7, kOpset = 8 };
}
namespace opset_field {
enum : uint32_t { kDomain = 1, kVersion = 2 };
}
namespace graph_field {
enum : uint32_t { kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12, kValueInfo = 13 };
}
namespace node_field {
enum : uint32_t { kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5, kDomain = 7 };
}
namespace attribute_field {
enum : uint32_t {
  kName = 1,
  kFloat = 2,
  kInt = 3,
  kString = 4,
  kTensor = 5,
  kGraph = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kTensors = 10,
  kGraphs = 11,
  kDoc = 13,
  kTypeProto = 14,
  kTypeProtos = 15,
  kType = 20,
  kReference = 21
};
}
namespace value_field {
enum : uint32_t { kName = 1, kType = 2 };
}
namespace tensor_field {
enum : uint32_t {
  kDims = 1,
  kDataType = 2,
  kFloats = 4,
  kInt32s = 5,
  kStrings = 6,
  kInt64s = 7,
  kName = 8,
  kRaw = 9,
  kDoubles = 10,
  kUint64s = 11
};
}
namespace type_field {
enum : uint32_t { kTensor = 1, kSequence = 4, kMap = 5, kOptional = 9, kShape = 2, kElement = 1 };
}

Checked<Counts> walk(BytesView file);

}  // namespace blindai::onnx
