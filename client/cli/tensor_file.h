// Tensors from files and to files, by what the file is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/connection.h"

namespace blindai {

inline constexpr uint64_t kMaxTensorFile = uint64_t{4} << 30;

// What the command line says of inputs whose file does not say it.
struct RawForm {
  std::optional<std::vector<int64_t>> shape;
  std::optional<Datatype> datatype;
};

// The model's signature, asked for only when a file leaves something open.
using SignatureSource = std::function<Outcome<ModelSignature>()>;

// The whole file, or standard input for "-". Errors: kNotFound "file.open"; kTooLarge
// "file.too-large"; kUnavailable "file.read".
Outcome<Bytes> read_file(const std::string& path);

// `argument`: "FILE" or "NAME=FILE". NumPy's files are known by their first bytes, JSON by the
// name's ending or, from standard input, by the first character; everything else is raw elements,
// little-endian, whose datatype and shape come from `raw` or else from the model.
// Errors: those of read_file, the formats' and `signature`'s; kInvalid "raw.shape", "raw.size".
Outcome<std::vector<Tensor>> read_tensors(const std::string& argument, const RawForm& raw,
                                          const SignatureSource& signature);

// .npy, .npz or .json by the name's ending, else raw. "-" is not a file. Errors: the formats';
// kInvalid "output.several" when the format holds one tensor; kUnavailable "file.write".
Outcome<void> write_tensors(const std::string& path, const Prediction& prediction);

// {"model_id","model_version","id","model_hash","expires","inference_ns","outputs":[{"name","datatype","shape","data"}…]}
Outcome<std::string> prediction_to_json(const Prediction& prediction);

// "1,3,224,224"; "" is a scalar. Errors: kInvalid "raw.shape".
Outcome<std::vector<int64_t>> parse_shape(std::string_view text);

}  // namespace blindai
