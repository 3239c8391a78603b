// Property: a body that is accepted for a model gives every input of it once, inside the area,
// aligned, apart from the others and of the size its shape says; and a client that sends the same
// tensors again as binary has them arrive unchanged.
//
// Input: one byte that chooses the model, two bytes (little-endian) for the header's value (65535:
// no header), then the body.
#include "lib/oip/infer_request.h"

#include <algorithm>
#include <cstdlib>

#include "lib/oip/client_codec.h"
#include "lib/oip/element.h"

namespace {

using namespace blindai;

const ModelSignature kModels[] = {
    {{{"x", Datatype::kFp32, {-1, 2}}}, {{"y", Datatype::kFp32, {-1}}}},
    {{{"a", Datatype::kInt32, {2}}, {"b", Datatype::kBytes, {-1}}},
     {{"p", Datatype::kFp64, {}}, {"q", Datatype::kBytes, {1}}}},
    {{{"f", Datatype::kBool, {-1}}, {"h", Datatype::kFp16, {1}}, {"s", Datatype::kUint64, {}}}, {}},
};

struct Received {
  InferRequest request;
  Bytes area;
};

Outcome<Received> receive(BytesView body, std::optional<std::string_view> header,
                          const ModelSignature& model, const InferLimits& limits) {
  ASSIGN_OR_RETURN(const BodySplit split, split_body(header, body.size(), limits));
  Received out;
  if (split.raw) {
    ASSIGN_OR_RETURN(out.request, parse_raw_request(body.size(), model, limits));
  } else {
    ASSIGN_OR_RETURN(out.request, parse_infer_request(body.first(split.json_len), split.binary_len,
                                                      model, limits));
  }
  out.area.resize(out.request.area_bytes);
  for (const InputPlacement& input : out.request.inputs) {
    if (!input.binary) continue;
    const BytesView bytes = body.subspan(split.json_len).subspan(input.body_offset, input.length);
    std::ranges::copy(bytes, out.area.begin() + static_cast<ptrdiff_t>(input.offset));
  }
  RETURN_IF_ERROR(write_json_inputs(out.request, out.area));
  RETURN_IF_ERROR(check_binary_inputs(out.request, out.area));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const ModelSignature& model = kModels[data[0] % std::size(kModels)];
  const unsigned value = data[1] + 256u * data[2];
  const std::string text = std::to_string(value);
  std::optional<std::string_view> header;
  if (value != 65535) header = text;
  InferLimits limits;
  limits.tensor_bytes = 1 << 20;
  const auto received = receive({data + 3, size - 3}, header, model, limits);
  if (!received) {
    if (received.error().sentence.empty() || received.error().code == Code::kInternal) std::abort();
    return 0;
  }
  const InferRequest& request = received->request;
  if (request.inputs.size() != model.inputs.size()) std::abort();
  std::vector<bool> seen(model.inputs.size());
  std::vector<TensorRef> tensors;
  uint64_t free_from = 0;
  for (const InputPlacement& input : request.inputs) {
    if (input.index >= seen.size() || seen[input.index]) std::abort();
    seen[input.index] = true;
    if (input.offset % kTensorAlignment != 0 || input.offset < free_from) std::abort();
    free_from = input.offset + input.length;
    if (free_from > request.area_bytes) std::abort();
    if (!has_tensor_size(input.datatype, input.shape, input.length)) std::abort();
    tensors.push_back({model.inputs[input.index].name, input.datatype, input.shape,
                       BytesView(received->area).subspan(input.offset, input.length)});
  }
  const auto body = build_infer_request({.id = request.id}, tensors);
  if (!body) std::abort();
  Bytes wire = to_bytes(as_bytes(body->json));
  for (BytesView tensor : body->binary) append(wire, tensor);
  const auto again = receive(wire, std::to_string(body->json.size()), model, limits);
  if (!again) std::abort();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const InputPlacement& input = again->request.inputs[i];
    if (!equal(BytesView(again->area).subspan(input.offset, input.length), tensors[i].data))
      std::abort();
  }
  return 0;
}
