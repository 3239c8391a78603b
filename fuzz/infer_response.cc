// The client's side, against a hostile server. Property: a response that is read can be built again
// and is read as the same; an error body always gives a printable sentence.
//
// Input: two bytes (little-endian) for the header's value (65535: no header), then the body.
#include "lib/oip/infer_response.h"

#include <cstdlib>

#include "lib/oip/client_codec.h"
#include "lib/oip/element.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  if (size < 2) return 0;
  const unsigned value = data[0] + 256u * data[1];
  const std::string text = std::to_string(value);
  std::optional<std::string_view> header;
  if (value != 65535) header = text;
  const BytesView body(data + 2, size - 2);

  const ServerError error = parse_error_body(value, body);
  if (error.sentence.empty() || error.sentence.size() > 1024) std::abort();
  for (char c : error.sentence + error.name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();

  InferLimits limits;
  limits.tensor_bytes = 1 << 20;
  const auto response = parse_infer_response(body, header, limits);
  if (!response) {
    if (response.error().sentence.empty() || response.error().code == Code::kInternal) std::abort();
    return 0;
  }
  std::vector<TensorRef> tensors;
  for (const ResponseTensor& tensor : response->outputs) {
    if (!has_tensor_size(tensor.datatype, tensor.shape, tensor.data.size())) std::abort();
    tensors.push_back({tensor.name, tensor.datatype, tensor.shape, tensor.data});
  }
  const auto built =
      build_infer_response({response->model_name, response->model_version, response->id}, tensors);
  if (!built) std::abort();
  Bytes wire = to_bytes(as_bytes(built->json));
  for (BytesView tensor : built->binary) append(wire, tensor);
  const auto again = parse_infer_response(wire, std::to_string(built->json.size()), limits);
  if (!again || again->model_name != response->model_name || again->id != response->id ||
      again->outputs.size() != tensors.size())
    std::abort();
  for (size_t i = 0; i < tensors.size(); ++i)
    if (again->outputs[i].name != tensors[i].name ||
        !equal(again->outputs[i].data, tensors[i].data))
      std::abort();
  return 0;
}
