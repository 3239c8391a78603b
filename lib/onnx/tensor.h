// Whether a tensor holds exactly the elements that its dimensions say, in the one place where its
// type has them, and whether a declared type is one that can be held.
//
// Source: onnx-ml.proto of ONNX 1.22.0, TensorProto: the comments at raw_data and the typed fields
// say which type is where; types below a byte are packed, the last byte filled up.
// Pure; takes messages that lib/onnx/schema.h has walked; allocates for refusals only.
#pragma once

#include "lib/onnx/wire.h"

namespace blindai::onnx {

// owner: for sentences, "The initializer 'w'". Returns the bytes of its data.
// Errors: model.tensor-type, model.dims, model.tensor-size, model.bool-value.
Checked<uint64_t> check_tensor(BytesView tensor, const std::string& owner);

// A TypeProto. Errors: model.type, model.tensor-type, model.dims.
Checked<void> check_type(BytesView type, const std::string& owner);

}  // namespace blindai::onnx
