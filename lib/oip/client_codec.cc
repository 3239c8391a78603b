#include "lib/oip/client_codec.h"

#include <algorithm>

#include "lib/oip/document.h"
#include "lib/oip/infer_request.h"
#include "lib/oip/json_text.h"
#include "lib/oip/tensor_check.h"
#include "lib/oip/tensor_json.h"

namespace blindai {
namespace {

void append_outputs(std::string& out, const InferRequestHead& head) {
  out += ",\"outputs\":[";
  for (size_t i = 0; i < head.outputs.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, head.outputs[i]);
    if (head.binary_outputs) out += ",\"parameters\":{\"binary_data\":true}";
    out += '}';
  }
  out += ']';
}

void append_parameters(std::string& out, const InferRequestHead& head) {
  const bool all_binary = head.outputs.empty() && head.binary_outputs;
  if (!all_binary && head.timeout_us == 0) return;
  out += ",\"parameters\":{";
  if (all_binary) out += "\"binary_data_output\":true";
  if (head.timeout_us != 0) {
    out += all_binary ? ",\"timeout\":" : "\"timeout\":";
    append_json_number(out, head.timeout_us);
  }
  out += '}';
}

// Sizes of all outputs, checked; sums held against the limit one by one.
Outcome<std::vector<uint64_t>> output_sizes(const OipDocument& document,
                                            const InferLimits& limits) {
  std::vector<uint64_t> sizes;
  uint64_t total = 0;
  for (size_t i = 0; i < document.tensors.size(); ++i) {
    const OipTensor& tensor = document.tensors[i];
    ASSIGN_OR_RETURN(const uint64_t size, checked_tensor_bytes("output", tensor, limits));
    if (size > limits.tensor_bytes - total)
      return problem(Code::kTooLarge, "oip.tensor-size",
                     "The outputs together have more than the " +
                         std::to_string(limits.tensor_bytes) + " bytes that are taken.");
    total += size;
    for (size_t k = 0; k < i; ++k)
      if (document.tensors[k].name == tensor.name)
        return problem(Code::kMalformed, "oip.output-duplicate",
                       "The response has the output " + quoted(*tensor.name) + " twice.");
    sizes.push_back(size);
  }
  return sizes;
}

Outcome<void> check_binary_part(uint64_t need, uint64_t have, bool has_header, bool any) {
  if (!has_header && any)
    return problem(Code::kMalformed, "oip.binary-no-header",
                   "The response has binary outputs but no header "
                   "Inference-Header-Content-Length.");
  const std::string counts = "The response's binary outputs have " + std::to_string(need) +
                             " bytes in all, but " + std::to_string(have) + " follow the JSON.";
  if (have < need) return problem(Code::kMalformed, "oip.binary-short", counts);
  if (have > need) return problem(Code::kMalformed, "oip.binary-leftover", counts);
  return {};
}

}  // namespace

Outcome<InferBody> build_infer_request(const InferRequestHead& head,
                                       std::span<const TensorRef> inputs) {
  InferBody body;
  std::string& out = body.json;
  out.reserve(128 + head.id.size() + (inputs.size() + head.outputs.size()) * 128);
  body.binary.reserve(inputs.size());
  out += '{';
  if (!head.id.empty()) {
    out += "\"id\":";
    append_json_string(out, head.id);
    out += ',';
  }
  out += "\"inputs\":[";
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorRef& input = inputs[i];
    if (!has_tensor_size(input.datatype, input.shape, input.data.size()))
      return problem(Code::kInvalid, "oip.byte-count",
                     "Input " + quoted(input.name) + " of shape " + shape_text(input.shape) +
                         " and datatype " + std::string(name_of(input.datatype)) +
                         " does not have " + std::to_string(input.data.size()) + " bytes.");
    if (i != 0) out += ',';
    RETURN_IF_ERROR(append_tensor(body, input));
  }
  out += ']';
  if (!head.outputs.empty()) append_outputs(out, head);
  append_parameters(out, head);
  out += '}';
  return body;
}

Outcome<InferResponse> parse_infer_response(BytesView body, std::optional<std::string_view> header,
                                            const InferLimits& limits) {
  ASSIGN_OR_RETURN(const BodySplit split, split_body(header, body.size(), limits));
  const BytesView json = body.first(split.json_len);
  const BytesView tail = body.subspan(split.json_len);
  ASSIGN_OR_RETURN(OipDocument document, read_document(OipMessage::kResponse, json, limits));
  if (!document.has_tensors)
    return problem(Code::kMalformed, "oip.outputs-missing", "The response has no \"outputs\".");
  ASSIGN_OR_RETURN(const std::vector<uint64_t> sizes, output_sizes(document, limits));
  uint64_t binary_bytes = 0;
  uint64_t json_bytes = 0;
  bool any_binary = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool binary = document.tensors[i].binary_bytes.has_value();
    any_binary = any_binary || binary;
    (binary ? binary_bytes : json_bytes) += sizes[i];
  }
  RETURN_IF_ERROR(
      check_binary_part(binary_bytes, tail.size(), split.binary_len.has_value(), any_binary));

  InferResponse out;
  out.model_name = std::move(document.model_name);
  out.model_version = std::move(document.model_version);
  out.id = std::move(document.id);
  out.json_data.resize(json_bytes);
  std::vector<ElementPlace> places;
  uint64_t tail_at = 0;
  uint64_t json_at = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    OipTensor& tensor = document.tensors[i];
    BytesView data;
    if (tensor.binary_bytes) {
      data = tail.subspan(tail_at, sizes[i]);
      tail_at += sizes[i];
      places.push_back({});
      RETURN_IF_ERROR(
          check_tensor_contents("output", *tensor.name, *tensor.datatype, *tensor.shape, data));
    } else {
      const auto place = std::span(out.json_data).subspan(json_at, sizes[i]);
      json_at += sizes[i];
      places.push_back({*tensor.datatype, place});
      data = place;
    }
    out.outputs.push_back(
        {std::move(*tensor.name), *tensor.datatype, std::move(*tensor.shape), data});
  }
  if (json_bytes != 0)
    RETURN_IF_ERROR(write_document_data(OipMessage::kResponse, json, limits, places));
  return out;
}

}  // namespace blindai
