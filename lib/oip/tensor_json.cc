#include "lib/oip/tensor_json.h"

#include "lib/oip/element.h"
#include "lib/oip/json_text.h"

namespace blindai {

Outcome<void> append_tensor(InferBody& body, const TensorRef& tensor) {
  if (!has_tensor_size(tensor.datatype, tensor.shape, tensor.data.size()))
    return problem(Code::kInternal, "oip.tensor-bytes",
                   "The tensor " + quoted(tensor.name) + " has " +
                       std::to_string(tensor.data.size()) + " bytes, which do not fit " +
                       std::string(name_of(tensor.datatype)) + " of shape " +
                       shape_text(tensor.shape) + ".");
  std::string& out = body.json;
  out += "{\"name\":";
  append_json_string(out, tensor.name);
  out += ",\"datatype\":\"";
  out += name_of(tensor.datatype);
  out += "\",\"shape\":";
  append_json_shape(out, tensor.shape);
  if (tensor.binary) {
    out += ",\"parameters\":{\"binary_data_size\":";
    append_json_number(out, static_cast<uint64_t>(tensor.data.size()));
    out += "}}";
    body.binary.push_back(tensor.data);
    body.binary_bytes += tensor.data.size();
    return {};
  }
  out += ",\"data\":";
  // The count fits: has_tensor_size held it against the bytes that are there.
  RETURN_IF_ERROR(append_json_data(out, tensor, *num_elements(tensor.shape, UINT64_MAX)));
  out += '}';
  return {};
}

}  // namespace blindai
