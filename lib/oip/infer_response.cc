#include "lib/oip/infer_response.h"

#include "lib/oip/json_text.h"
#include "lib/oip/tensor_json.h"

namespace blindai {

Outcome<InferBody> build_infer_response(const InferResponseHead& head,
                                        std::span<const TensorRef> outputs) {
  InferBody body;
  std::string& out = body.json;
  out.reserve(128 + head.model_name.size() + head.id.size() + outputs.size() * 128);
  body.binary.reserve(outputs.size());
  out += "{\"model_name\":";
  append_json_string(out, head.model_name);
  out += ",\"model_version\":";
  append_json_string(out, head.model_version);
  if (!head.id.empty()) {
    out += ",\"id\":";
    append_json_string(out, head.id);
  }
  out += ",\"outputs\":[";
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i != 0) out += ',';
    RETURN_IF_ERROR(append_tensor(body, outputs[i]));
  }
  out += "]}";
  return body;
}

}  // namespace blindai
