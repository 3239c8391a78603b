// The part that requests and responses share: one tensor as JSON.
#pragma once

#include "lib/oip/tensor.h"

namespace blindai {

// Appends {"name":..,"datatype":..,"shape":..,"parameters"|"data":..} and, for a binary tensor, its
// bytes to body.binary. Errors: see build_infer_response.
Outcome<void> append_tensor(InferBody& body, const TensorRef& tensor);

}  // namespace blindai
