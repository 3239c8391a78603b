// Reads files from disk for lib/measure.
#pragma once

#include <string>

#include "lib/measure/measure.h"

namespace blindai {

// `name` is what the manifest calls the file. Errors: kNotFound "measure.open", kUnavailable
// "measure.read".
Result<MeasuredFile> measure_file(std::string name, const std::string& path);

// The measurement a simulated server attests: of the three programs in kMeasuredPrograms, given the
// paths they are started or loaded from.
Result<Sha256Digest> measure_programs(const std::string& server, const std::string& worker,
                                      const std::string& onnxruntime);

}  // namespace blindai
