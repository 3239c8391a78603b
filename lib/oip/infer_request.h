// Reads inference requests (POST /v2/models/{id}/infer) against a model's signature.
//
//   split_body(header, content_length)      how the body divides, before any of it is read
//   parse_infer_request(json, binary_len, signature, limits)
//                                           once the JSON part is in memory: where every input lies
//   ...the caller allocates request.area_bytes and receives the rest of the body: for each input
//      with `binary`, in order, `length` bytes to area[offset...], with nothing in between...
//   write_json_inputs(request, area)        inputs whose elements are in the JSON
//   check_binary_inputs(request, area)      what only the bytes themselves can tell
//
// or, for the raw form (header value 0), parse_raw_request in place of parse_infer_request.
//
// Nothing here copies a binary tensor. Every sentence may quote names, datatypes, shapes and counts
// of the request, never an element. Request-wide rules where the protocol is silent:
// docs/formats/oip.md. Source: Open Inference Protocol v2 (REST), Triton's binary tensor data,
// schedule policy and parameters extensions.
// Pure; thread-safe on distinct objects.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/oip/tensor.h"

namespace blindai {

// One input and its place in the area.
struct InputPlacement {
  size_t index;  // in ModelSignature::inputs
  Datatype datatype;
  std::vector<int64_t> shape;  // as sent: no dimension is negative
  uint64_t offset;             // bytes; a multiple of kTensorAlignment
  uint64_t length;             // bytes
  bool binary;                 // false: in the JSON part
  uint64_t body_offset;        // binary: of its bytes, counted from the end of the JSON part
};

struct RequestedOutput {
  size_t index;  // in ModelSignature::outputs
  bool binary;
};

struct InferRequest {
  std::string id;                        // to be echoed; empty when absent
  std::vector<InputPlacement> inputs;    // in the order of the body; each of the signature's once
  std::vector<RequestedOutput> outputs;  // in the order asked for; all of them when none were
  uint64_t area_bytes = 0;               // a multiple of kTensorAlignment
  uint64_t binary_bytes = 0;             // of the body, after the JSON part
  uint64_t timeout_us = 0;               // 0: none was given
  uint64_t priority = 0;                 // 0: none was given; 1 is the highest
  BytesView json;                        // borrowed from parse_infer_request's argument
  std::vector<std::string> input_names;  // beside `inputs`, for sentences
  InferLimits limits;
};

struct BodySplit {
  bool raw = false;  // the header is there and 0
  uint64_t json_len = 0;
  std::optional<uint64_t> binary_len;  // absent: no header, the whole body is JSON
};

// `header`: Inference-Header-Content-Length, when the request has it. `content_length`: of the body
// after any content coding was undone.
// Errors: kMalformed "oip.header-length" (not a decimal number, or beyond the body); kTooLarge
// "oip.json-size", "oip.tensor-size" (the binary part).
Outcome<BodySplit> split_body(std::optional<std::string_view> header, uint64_t content_length,
                              const InferLimits& limits);

// `json` must outlive the request. Errors: those of document.h and tensor_check.h; and
// kMalformed "oip.inputs-missing", "oip.binary-no-header", "oip.binary-short",
// "oip.binary-leftover"; kInvalid "oip.input-unknown", "oip.input-duplicate", "oip.input-absent",
// "oip.datatype", "oip.rank", "oip.shape", "oip.output-unknown", "oip.output-duplicate"; kTooLarge
// "oip.tensor-size" (all inputs together).
Outcome<InferRequest> parse_infer_request(BytesView json, std::optional<uint64_t> binary_len,
                                          const ModelSignature& signature,
                                          const InferLimits& limits);

// The raw form: the body is the one input's bytes, and every output is answered as binary.
// Errors: kInvalid "oip.raw-inputs" (the model has not exactly one), "oip.raw-datatype" (BYTES),
// "oip.raw-shape" (more than one dimension varies, or the length fits no size of the one that
// does), "oip.byte-count"; kTooLarge "oip.tensor-size".
Outcome<InferRequest> parse_raw_request(uint64_t content_length, const ModelSignature& signature,
                                        const InferLimits& limits);

// `area`: request.area_bytes. Does nothing when every input is binary.
// Errors: kInvalid "oip.data-range"; the sentence names the element's position, not its value.
Outcome<void> write_json_inputs(const InferRequest& request, std::span<uint8_t> area);

// Errors: kInvalid "oip.bytes-layout", "oip.bool-byte".
Outcome<void> check_binary_inputs(const InferRequest& request, BytesView area);

}  // namespace blindai
