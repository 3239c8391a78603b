#include "client/cpp/predict.h"

#include <charconv>

#include "client/cpp/server_answer.h"
#include "lib/oip/client_codec.h"

namespace blindai {
namespace {

constexpr InferLimits kAnswerLimits{.tensor_bytes = uint64_t{2} << 30};

Result<Sha256Digest> model_hash_of(const HttpClientResponse& answer) {
  const auto digest = array_from_hex<32>(answer.field("blindai-model-hash").value_or(""));
  if (!digest.has_value()) return fail(Code::kMalformed, kUnknownAnswer);
  return *digest;
}

std::chrono::nanoseconds run_time_of(const HttpClientResponse& answer) {
  int64_t ns = 0;
  if (const auto text = answer.field("blindai-run-ns"))
    std::from_chars(text->data(), text->data() + text->size(), ns);
  return std::chrono::nanoseconds(ns);
}

}  // namespace

Outcome<Prediction> predict_over(AttestedTransport& transport, const std::string& model_id,
                                 const std::vector<TensorView>& inputs,
                                 const std::vector<std::string_view>& names,
                                 const PredictOptions& options) {
  std::vector<TensorRef> tensors;
  tensors.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    tensors.push_back({.name = names[i],
                       .datatype = inputs[i].datatype,
                       .shape = inputs[i].shape,
                       .data = inputs[i].data});
  ASSIGN_OR_RETURN(
      const InferBody body,
      build_infer_request({.id = options.request_id, .outputs = options.outputs}, tensors));

  HttpClientRequest request;
  request.method = "POST";
  request.target = "/v2/models/" + model_id + "/infer";
  if (!body.binary.empty())
    request.fields.emplace_back("inference-header-content-length",
                                std::to_string(body.json.size()));
  if (options.model_hash.has_value())
    request.fields.emplace_back("blindai-model-hash", to_hex(*options.model_hash));
  if (options.least_epoch != 0)
    request.fields.emplace_back("blindai-least-epoch", std::to_string(options.least_epoch));
  request.body.reserve(body.binary.size() + 1);
  request.body.push_back(as_bytes(body.json));
  request.body.insert(request.body.end(), body.binary.begin(), body.binary.end());

  ASSIGN_OR_RETURN(const HttpClientResponse answer, transport.send(request));
  if (answer.status != 200) return std::unexpected(problem_of(answer.status, answer.body));
  ASSIGN_OR_RETURN(
      InferResponse response,
      parse_infer_response(answer.body, answer.field("inference-header-content-length"),
                           kAnswerLimits));
  ASSIGN_OR_RETURN(const Sha256Digest model_hash, model_hash_of(answer));
  ASSIGN_OR_RETURN(const std::optional<Time> expires,
                   parse_expiry(answer.field("blindai-model-expires")));
  Prediction out{.model_id = std::move(response.model_name),
                 .model_version = std::move(response.model_version),
                 .request_id = std::move(response.id),
                 .model_hash = model_hash,
                 .outputs = {},
                 .inference_time = run_time_of(answer),
                 .expires = expires};
  out.outputs.reserve(response.outputs.size());
  for (ResponseTensor& tensor : response.outputs)
    out.outputs.push_back({.name = std::move(tensor.name),
                           .datatype = tensor.datatype,
                           .shape = std::move(tensor.shape),
                           .data = to_bytes(tensor.data)});
  return out;
}

}  // namespace blindai
