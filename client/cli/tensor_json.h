// Tensors as JSON, for files and terminals. docs/cli.md shows the forms.   Pure.
//
// Numbers go both ways without loss: floats are written in the shortest form that reads back as the
// same value, and what JSON has no number for as "NaN", "Infinity" and "-Infinity". Strings are
// BYTES elements; one that is not UTF-8 is {"base64": "…"}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/connection.h"

namespace blindai {

// One of
//   {"inputs":[{"name","datatype","shape","data"}…]}   as the Open Inference Protocol has it
//   {"name": <nested arrays>, …}                        inputs by name
//   <nested arrays>                                     one input: `name`, or the model's first
// Where the text does not say the datatype, the model's signature does.
// Errors: json.*; kInvalid "tensor.form", "tensor.ragged", "tensor.element" (a value that its
// datatype cannot hold), "tensor.input" (a name the model has not), "tensor.shape".
Outcome<std::vector<Tensor>> tensors_from_json(std::string_view text, const std::string& name,
                                               const ModelSignature& signature);

// Appends nested arrays, as deep as the shape has dimensions. Errors: kMalformed "tensor.shape"
// when the bytes do not fit the shape.
Outcome<void> append_nested(std::string& out, const Tensor& tensor);

}  // namespace blindai
