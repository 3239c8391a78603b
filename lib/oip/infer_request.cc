#include "lib/oip/infer_request.h"

#include <algorithm>
#include <charconv>

#include "lib/oip/document.h"
#include "lib/oip/json_text.h"
#include "lib/oip/tensor_check.h"

namespace blindai {
namespace {

constexpr size_t kNone = SIZE_MAX;

size_t index_of(std::string_view name, const std::vector<TensorSpec>& specs) {
  for (size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == name) return i;
  return kNone;
}

// "a", "b" and 3 more
std::string list_names(const std::vector<TensorSpec>& specs) {
  constexpr size_t kMost = 8;
  std::string out;
  for (size_t i = 0; i < specs.size() && i < kMost; ++i) {
    if (i != 0) out += ", ";
    out += quoted(specs[i].name);
  }
  if (specs.size() > kMost) out += " and " + std::to_string(specs.size() - kMost) + " more";
  return specs.empty() ? "none" : out;
}

uint64_t align_up(uint64_t n) {
  return (n + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
}

std::unexpected<Problem> too_large(const InferLimits& limits) {
  return problem(Code::kTooLarge, "oip.tensor-size",
                 "The inputs together have more than the " + std::to_string(limits.tensor_bytes) +
                     " bytes that are taken; send fewer rows at a time.");
}

// Gives the input the next aligned place. Both sums stay below 2^63: each length is at most the
// limit, and there are at most limits.num_tensors.
Outcome<void> place_input(InferRequest& request, InputPlacement input) {
  input.offset = request.area_bytes;
  if (input.length > request.limits.tensor_bytes) return too_large(request.limits);
  request.area_bytes += align_up(input.length);
  if (request.area_bytes > align_up(request.limits.tensor_bytes)) return too_large(request.limits);
  if (input.binary) {
    input.body_offset = request.binary_bytes;
    request.binary_bytes += input.length;
  }
  request.inputs.push_back(std::move(input));
  return {};
}

Outcome<void> check_against(const OipTensor& tensor, const TensorSpec& spec) {
  if (*tensor.datatype != spec.datatype)
    return problem(Code::kInvalid, "oip.datatype",
                   "Input " + quoted(spec.name) + " is " + std::string(name_of(spec.datatype)) +
                       ", not " + std::string(name_of(*tensor.datatype)) + ".");
  const std::vector<int64_t>& shape = *tensor.shape;
  if (shape.size() != spec.shape.size())
    return problem(Code::kInvalid, "oip.rank",
                   "Input " + quoted(spec.name) + " has " + std::to_string(spec.shape.size()) +
                       " dimensions " + shape_text(spec.shape) + ", not " +
                       std::to_string(shape.size()) + " " + shape_text(shape) + ".");
  for (size_t i = 0; i < shape.size(); ++i)
    if (spec.shape[i] >= 0 && spec.shape[i] != shape[i])
      return problem(Code::kInvalid, "oip.shape",
                     "Input " + quoted(spec.name) + " has the shape " + shape_text(spec.shape) +
                         " (-1 varies), not " + shape_text(shape) + ".");
  return {};
}

Outcome<void> take_inputs(InferRequest& request, OipDocument& document,
                          const ModelSignature& signature) {
  std::vector<bool> seen(signature.inputs.size());
  request.inputs.reserve(document.tensors.size());
  request.input_names.reserve(document.tensors.size());
  for (OipTensor& tensor : document.tensors) {
    if (!tensor.name)
      return problem(Code::kMalformed, "oip.field-missing", "An input lacks its name.");
    const size_t index = index_of(*tensor.name, signature.inputs);
    if (index == kNone)
      return problem(Code::kInvalid, "oip.input-unknown",
                     "The model has no input " + quoted(*tensor.name) + "; its inputs are " +
                         list_names(signature.inputs) + ".");
    if (seen[index])
      return problem(Code::kInvalid, "oip.input-duplicate",
                     "Input " + quoted(*tensor.name) + " is given twice.");
    seen[index] = true;
    if (tensor.shape && tensor.datatype)
      RETURN_IF_ERROR(check_against(tensor, signature.inputs[index]));
    ASSIGN_OR_RETURN(const uint64_t length, checked_tensor_bytes("input", tensor, request.limits));
    RETURN_IF_ERROR(place_input(request, {.index = index,
                                          .datatype = *tensor.datatype,
                                          .shape = std::move(*tensor.shape),
                                          .offset = 0,
                                          .length = length,
                                          .binary = tensor.binary_bytes.has_value(),
                                          .body_offset = 0}));
    request.input_names.push_back(std::move(*tensor.name));
  }
  for (size_t i = 0; i < seen.size(); ++i)
    if (!seen[i])
      return problem(Code::kInvalid, "oip.input-absent",
                     "Input " + quoted(signature.inputs[i].name) + " is missing; the model needs " +
                         list_names(signature.inputs) + ".");
  return {};
}

void take_all_outputs(InferRequest& request, const ModelSignature& signature, bool binary) {
  request.outputs.reserve(signature.outputs.size());
  for (size_t i = 0; i < signature.outputs.size(); ++i) request.outputs.push_back({i, binary});
}

Outcome<void> take_outputs(InferRequest& request, const OipDocument& document,
                           const ModelSignature& signature) {
  const bool by_default = document.binary_data_output.value_or(false);
  if (document.outputs.empty()) {
    take_all_outputs(request, signature, by_default);
    return {};
  }
  std::vector<bool> seen(signature.outputs.size());
  request.outputs.reserve(document.outputs.size());
  for (const OipOutput& output : document.outputs) {
    if (!output.name)
      return problem(Code::kMalformed, "oip.field-missing", "A requested output lacks its name.");
    const size_t index = index_of(*output.name, signature.outputs);
    if (index == kNone)
      return problem(Code::kInvalid, "oip.output-unknown",
                     "The model has no output " + quoted(*output.name) + "; its outputs are " +
                         list_names(signature.outputs) + ".");
    if (seen[index])
      return problem(Code::kInvalid, "oip.output-duplicate",
                     "Output " + quoted(*output.name) + " is asked for twice.");
    seen[index] = true;
    request.outputs.push_back({index, output.binary.value_or(by_default)});
  }
  return {};
}

Outcome<void> check_binary_len(const InferRequest& request, std::optional<uint64_t> binary_len) {
  if (!binary_len) {
    if (std::ranges::none_of(request.inputs, &InputPlacement::binary)) return {};
    return problem(Code::kMalformed, "oip.binary-no-header",
                   "The request has binary inputs but no header Inference-Header-Content-Length, "
                   "which says where the JSON ends.");
  }
  if (*binary_len == request.binary_bytes) return {};
  const std::string counts = "The binary inputs have " + std::to_string(request.binary_bytes) +
                             " bytes in all, but " + std::to_string(*binary_len) +
                             " follow the JSON.";
  if (*binary_len < request.binary_bytes)
    return problem(Code::kMalformed, "oip.binary-short", counts);
  return problem(Code::kMalformed, "oip.binary-leftover", counts);
}

}  // namespace

Outcome<BodySplit> split_body(std::optional<std::string_view> header, uint64_t content_length,
                              const InferLimits& limits) {
  BodySplit out;
  if (header) {
    const auto read =
        std::from_chars(header->data(), header->data() + header->size(), out.json_len);
    if (read.ec != std::errc() || read.ptr != header->data() + header->size())
      return problem(Code::kMalformed, "oip.header-length",
                     "Inference-Header-Content-Length must be a number of bytes.");
    if (out.json_len > content_length)
      return problem(Code::kMalformed, "oip.header-length",
                     "Inference-Header-Content-Length is " + std::to_string(out.json_len) +
                         ", but the body has only " + std::to_string(content_length) + " bytes.");
    out.raw = out.json_len == 0;
    out.binary_len = content_length - out.json_len;
  } else {
    out.json_len = content_length;
  }
  if (out.json_len > limits.json_bytes)
    return problem(Code::kTooLarge, "oip.json-size",
                   "The JSON part has " + std::to_string(out.json_len) + " bytes; at most " +
                       std::to_string(limits.json_bytes) +
                       " are read. Send large tensors as binary.");
  if (out.binary_len.value_or(0) > limits.tensor_bytes) return too_large(limits);
  return out;
}

Outcome<InferRequest> parse_infer_request(BytesView json, std::optional<uint64_t> binary_len,
                                          const ModelSignature& signature,
                                          const InferLimits& limits) {
  ASSIGN_OR_RETURN(OipDocument document, read_document(OipMessage::kRequest, json, limits));
  if (!document.has_tensors)
    return problem(
        Code::kMalformed, "oip.inputs-missing",
        "The request has no \"inputs\"; the model needs " + list_names(signature.inputs) + ".");
  InferRequest out;
  out.id = std::move(document.id);
  out.timeout_us = document.timeout_us;
  out.priority = document.priority;
  out.json = json;
  out.limits = limits;
  RETURN_IF_ERROR(take_inputs(out, document, signature));
  RETURN_IF_ERROR(check_binary_len(out, binary_len));
  RETURN_IF_ERROR(take_outputs(out, document, signature));
  return out;
}

Outcome<InferRequest> parse_raw_request(uint64_t content_length, const ModelSignature& signature,
                                        const InferLimits& limits) {
  if (signature.inputs.size() != 1)
    return problem(Code::kInvalid, "oip.raw-inputs",
                   "The raw form (Inference-Header-Content-Length: 0) is for models with one "
                   "input; this one has " +
                       std::to_string(signature.inputs.size()) + ".");
  const TensorSpec& spec = signature.inputs[0];
  if (spec.datatype == Datatype::kBytes)
    return problem(
        Code::kInvalid, "oip.raw-datatype",
        "Input " + quoted(spec.name) +
            " is BYTES, whose shape a raw body does not tell; send it with a JSON part.");
  const uint64_t size = element_size(spec.datatype);
  std::vector<int64_t> shape = spec.shape;
  const auto varies = [](int64_t dim) { return dim < 0; };
  const auto variable = std::ranges::find_if(shape, varies);
  if (variable != shape.end()) {
    *variable = 1;
    const auto fixed = num_elements(shape, limits.tensor_bytes / size);
    if (std::ranges::any_of(shape, varies) || !fixed || *fixed == 0 ||
        content_length % (*fixed * size) != 0)
      return problem(Code::kInvalid, "oip.raw-shape",
                     "A raw body of " + std::to_string(content_length) +
                         " bytes does not tell the shape of input " + quoted(spec.name) + ", " +
                         shape_text(spec.shape) + " of " + std::string(name_of(spec.datatype)) +
                         "; send it with a JSON part.");
    // At most content_length, which split_body held against the limit.
    *variable = static_cast<int64_t>(content_length / (*fixed * size));
  }
  if (!has_tensor_size(spec.datatype, shape, content_length))
    return problem(Code::kInvalid, "oip.byte-count",
                   "Input " + quoted(spec.name) + " has the shape " + shape_text(spec.shape) +
                       " of " + std::string(name_of(spec.datatype)) + ", which is not " +
                       std::to_string(content_length) + " bytes.");
  InferRequest out;
  out.limits = limits;
  RETURN_IF_ERROR(place_input(out, {.index = 0,
                                    .datatype = spec.datatype,
                                    .shape = std::move(shape),
                                    .offset = 0,
                                    .length = content_length,
                                    .binary = true,
                                    .body_offset = 0}));
  out.input_names.push_back(spec.name);
  take_all_outputs(out, signature, true);
  return out;
}

Outcome<void> write_json_inputs(const InferRequest& request, std::span<uint8_t> area) {
  if (std::ranges::all_of(request.inputs, &InputPlacement::binary)) return {};
  BLINDAI_CHECK(area.size() >= request.area_bytes);
  std::vector<ElementPlace> places;
  places.reserve(request.inputs.size());
  for (const InputPlacement& input : request.inputs)
    places.push_back({input.datatype, input.binary ? std::span<uint8_t>()
                                                   : area.subspan(input.offset, input.length)});
  return write_document_data(OipMessage::kRequest, request.json, request.limits, places);
}

Outcome<void> check_binary_inputs(const InferRequest& request, BytesView area) {
  BLINDAI_CHECK(area.size() >= request.area_bytes);
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const InputPlacement& input = request.inputs[i];
    if (!input.binary) continue;
    RETURN_IF_ERROR(check_tensor_contents("input", request.input_names[i], input.datatype,
                                          input.shape, area.subspan(input.offset, input.length)));
  }
  return {};
}

}  // namespace blindai
