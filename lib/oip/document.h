// The JSON part of an inference request or response, as Boost.JSON's event parser reads it: names,
// shapes and parameters are kept, the elements of `data` are counted in a first pass and written to
// their places in a second. No tree is built, so a large message costs no more than its own bytes.
//
// What is checked here is the form that needs no model: JSON itself (RFC 8259, UTF-8), its depth,
// types, names given twice, lengths of names, counts. Keys that the protocol does not name are
// skipped. What the message means is checked by infer_request.cc and client_codec.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/oip/element.h"
#include "lib/oip/tensor.h"

namespace blindai {

enum class OipMessage { kRequest, kResponse };

// What the `data` of one tensor holds.
struct TensorData {
  bool present = false;
  uint8_t kinds = 0;            // ElementKind of all elements, or-ed
  bool even = true;             // every element equally deep, every array of one depth equally long
  uint64_t count = 0;           // elements
  uint64_t string_bytes = 0;    // of all strings, unescaped
  std::optional<size_t> depth;  // arrays around each element
  std::vector<uint64_t> lengths;  // of the arrays at each depth, outermost first
};

struct OipTensor {
  std::optional<std::string> name;
  std::optional<Datatype> datatype;
  std::optional<std::vector<int64_t>> shape;
  std::optional<uint64_t> binary_bytes;  // parameter "binary_data_size"
  TensorData data;
};

struct OipOutput {
  std::optional<std::string> name;
  std::optional<bool> binary;  // parameter "binary_data"
};

struct OipDocument {
  std::string id;
  std::string model_name;                  // responses
  std::string model_version;               // responses
  std::optional<bool> binary_data_output;  // requests: parameter of that name
  uint64_t timeout_us = 0;                 // requests: parameter "timeout"; 0 when absent
  uint64_t priority = 0;                   // requests: parameter "priority"; 0 when absent
  bool has_tensors = false;
  std::vector<OipTensor> tensors;  // a request's inputs, a response's outputs
  std::vector<OipOutput> outputs;  // requests: those asked for
};

// Errors, kMalformed: "oip.json" (not well-formed, not UTF-8), "oip.json-depth",
// "oip.json-trailing", "oip.json-type", "oip.duplicate-key", "oip.shape" (a dimension that is
// negative or over 2^63 - 1), "oip.data-element" (null or an object among elements);
// kInvalid: "oip.data-range" (NaN, Infinity, exponents beyond every number),
// "oip.datatype-unknown", "oip.shared-memory", "oip.classification", "oip.parameter-reserved";
// kTooLarge: "oip.json-size", "oip.string-length", "oip.num-tensors", "oip.rank-limit".
Outcome<OipDocument> read_document(OipMessage message, BytesView json, const InferLimits& limits);

// Where the elements of one tensor go. An empty place for tensors without `data`.
struct ElementPlace {
  Datatype datatype = Datatype::kBool;
  std::span<uint8_t> bytes;
};

// The second pass, over the same JSON: writes each tensor's elements, in the order of the tensors
// in the document. Each place has the bytes that first pass and datatype add up to. Places are
// written in part when it fails. Errors: kInvalid "oip.data-range" (out of the datatype's range);
// kInternal "oip.data-place" (a place is not what the first pass of this document adds up to).
Outcome<void> write_document_data(OipMessage message, BytesView json, const InferLimits& limits,
                                  std::span<const ElementPlace> places);

}  // namespace blindai
