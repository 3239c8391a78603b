// Builds inference responses: the JSON part, and the binary tensors that follow it, uncopied.
// Source: Open Inference Protocol v2 (REST), Triton's binary tensor data extension.
// Pure; thread-safe.
#pragma once

#include <span>

#include "lib/oip/tensor.h"

namespace blindai {

struct InferResponseHead {
  std::string_view model_name = {};
  std::string_view model_version = {};
  std::string_view id = {};  // the request's, echoed; left out when empty
};

// The tensors are answered in the order given. Their data may lie in memory that another process
// changes: what is built stays well-formed.
// Errors: those of append_json_data (element.h) for tensors asked for as JSON: FP16 and BF16 have
// no JSON form (as in Triton), infinities, NaN and strings that are not UTF-8 cannot be carried;
// each sentence advises to ask for binary. kInternal "oip.tensor-bytes": data and shape disagree.
Outcome<InferBody> build_infer_response(const InferResponseHead& head,
                                        std::span<const TensorRef> outputs);

}  // namespace blindai
