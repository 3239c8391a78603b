// Models as text and as JSON.   Pure.
#pragma once

#include <string>

#include "client/cpp/connection.h"

namespace blindai {

// The object of the server's interface: {"model_id","model_hash","size","inputs","outputs"}, with
// "epoch" and "content_id" where it has a receipt, and "expires" where it has.
std::string to_json(const ModelInfo& model);
// A block of lines.
std::string describe(const ModelInfo& model);
// A table, one line each. Empty text for no models.
std::string table_of(const std::vector<ModelInfo>& models);
// "FP32 [-1,3,224,224]"
std::string type_text(const TensorSpec& spec);

}  // namespace blindai
