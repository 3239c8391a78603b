// The client's side of the inference protocol: builds requests, reads responses and errors.
// Source: Open Inference Protocol v2 (REST), Triton's binary tensor data extension.
// Pure; thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/oip/tensor.h"

namespace blindai {

struct InferRequestHead {
  std::string_view id = {};                   // left out when empty
  std::span<const std::string> outputs = {};  // names; empty: all the model has
  bool binary_outputs = true;                 // false: outputs as JSON
  uint64_t timeout_us = 0;                    // left out when 0
};

// The request's JSON part and binary tensors, in the order given. Errors: kInvalid "oip.byte-count"
// when a tensor's bytes do not fit its shape; those of build_infer_response, for inputs sent as
// JSON.
Outcome<InferBody> build_infer_request(const InferRequestHead& head,
                                       std::span<const TensorRef> inputs);

// One output. `data` points into the response's body or into InferResponse::json_data.
struct ResponseTensor {
  std::string name;
  Datatype datatype;
  std::vector<int64_t> shape;
  BytesView data;  // packed, little-endian; BYTES with 4-byte lengths
};

// Moves, but is not copied: the tensors point into it.
struct InferResponse {
  std::string model_name;
  std::string model_version;
  std::string id;
  std::vector<ResponseTensor> outputs;
  Bytes json_data;  // outputs that came as JSON

  InferResponse() = default;
  InferResponse(InferResponse&&) = default;
  InferResponse& operator=(InferResponse&&) = default;
  InferResponse(const InferResponse&) = delete;
  InferResponse& operator=(const InferResponse&) = delete;
};

// `header`: Inference-Header-Content-Length, when the response has it. `body` must outlive the
// response. Each name occurs once; sizes fit shapes; BYTES and BOOL are checked.
// Errors: those of split_body, document.h and tensor_check.h; kMalformed "oip.outputs-missing",
// "oip.output-duplicate", "oip.binary-no-header", "oip.binary-short", "oip.binary-leftover";
// kTooLarge "oip.tensor-size" (all outputs together); kInvalid "oip.data-range".
Outcome<InferResponse> parse_infer_response(BytesView body, std::optional<std::string_view> header,
                                            const InferLimits& limits);

// What a server said when it refused: {"error": sentence, "code": "area.reason"}.
struct ServerError {
  Code code;             // from the status
  std::string sentence;  // printable; at most 1024 bytes
  std::string name;      // the server's id for it; empty when it gave none
};

// Never fails: a body that is not such an object becomes a sentence about the status.
ServerError parse_error_body(unsigned status, BytesView body);

}  // namespace blindai
