// How much of everything a model may have, and why. The file itself is bounded by the server's
// configuration (max_model_bytes) and by kMaxFile.
//
// What is bounded here is what costs far more in memory or time than it takes in the file. ONNX
// Runtime 1.28.0 was measured on one core; real models: the largest of the ONNX Model Zoo and of
// common exports of language models have some ten thousand nodes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blindai::onnx {

// Protobuf's own limit: ONNX Runtime cannot read more.
inline constexpr uint64_t kMaxFile = INT32_MAX;

// Nodes, those of subgraphs included. ONNX Runtime takes more than linear time: a chain of 65,536
// loads in 8 s with 400 MB, one of 200,000 (4.9 MB) took 20 s and 600 MB on another machine.
inline constexpr uint64_t kMaxNodes = 65'536;
// Initializers, those of subgraphs included; each is a tensor and several table entries.
inline constexpr uint64_t kMaxInitializers = 65'536;
// Attributes altogether, and of one node. The operator with most has about thirty (trees of
// ai.onnx.ml).
inline constexpr uint64_t kMaxAttributes = 524'288;
inline constexpr uint64_t kMaxNodeAttributes = 64;
// Graphs within graphs. Each level is a few frames of several recursive readers; the deepest real
// model seen (a voice detector) has 4.
inline constexpr uint64_t kMaxGraphDepth = 16;
// Types within types (sequence of map of ...).
inline constexpr uint64_t kMaxTypeDepth = 8;
// Names used or made by nodes: what the tables of names here, and ONNX Runtime's, grow with.
inline constexpr uint64_t kMaxValues = 1'048'576;
// Strings in lists: 2 bytes in the file, 40 and more in memory. Vocabularies have up to a million.
inline constexpr uint64_t kMaxStrings = 4'194'304;
// Integers in lists: 1 byte in the file, 8 in memory, and once more in the tensor.
inline constexpr uint64_t kMaxListedNumbers = 67'108'864;
// Messages of any kind (dimensions, types, properties, ...): 2 bytes in the file, 30 to 200 in
// memory. A node with its attributes and value's type is about twenty.
inline constexpr uint64_t kMaxParts = 2'097'152;

// Bytes of a value's, node's, operator's or attribute's name; of any other text. Exporters put a
// stack trace into each node's documentation, and vocabularies into properties.
inline constexpr size_t kMaxNameLen = 1'024;
inline constexpr size_t kMaxTextLen = 4 << 20;

// Dimensions of one tensor or type: what the worker protocol carries.
inline constexpr size_t kMaxRank = 32;
// Elements of one tensor or declared shape, zeros counted as ones: a product of more would overflow
// in somebody's arithmetic. As in the worker protocol.
inline constexpr uint64_t kMaxElements = 1ULL << 40;

// What ONNX Runtime 1.28.0 takes: IR versions and, by domain, operator sets (lib/onnx/operators.h).
inline constexpr int64_t kMinIrVersion = 3;  // the first with operator sets
inline constexpr int64_t kMaxIrVersion = 13;
inline constexpr uint64_t kMaxOpsets = 64;

}  // namespace blindai::onnx
