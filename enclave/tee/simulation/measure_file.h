// Reads files from disk for lib/measure.
#pragma once

#include <string>

#include "lib/measure/measure.h"

namespace blindai {

// `name` is what the manifest calls the file. Errors: kNotFound "measure.open", kUnavailable
// "measure.read".
Result<MeasuredFile> measure_file(std::string name, const std::string& path);

}  // namespace blindai
