// Whether an ONNX file is one that ONNX Runtime may be given.
//
//   Checked<ModelSummary> model = check_model(mapped_file);
//   if (!model.has_value()) tell_owner(model.error().name(), model.error().sentence);
//
// The file is a program of somebody unknown, and ONNX Runtime was not made for such: it reads files
// that a model names, unfolds bombs while loading, and trusts that protobuf and graph hold
// together. This check accepts only files that mean one thing, hold everything themselves and are
// bounded in everything that costs more than it takes (lib/onnx/limits.h). What operators do with
// their inputs is not judged here: time and memory of a run are bounded by the worker's deadline,
// limits and sandbox.
//
// The bytes must not change while and after they are checked: the worker maps a memfd that is
// sealed against writing and gives ONNX Runtime the same mapping.
//
// Refusals by name: docs/models.md. Pure: no I/O, no threads; weights are neither copied nor, but
// for booleans and for numbers in lists, looked at. Memory: 24 bytes for each value that a graph
// makes and 16 for each declared, up to three times that while a list grows; 200 MB for a file of
// nothing but names, some MB for real ones; nothing that grows with the weights.
#pragma once

#include "lib/onnx/schema.h"

namespace blindai::onnx {

struct ModelSummary {
  Counts counts;
  uint64_t tensor_bytes = 0;  // of all tensors' elements; strings without their overhead
  bool operator==(const ModelSummary&) const = default;
};

Checked<ModelSummary> check_model(BytesView file);

}  // namespace blindai::onnx
