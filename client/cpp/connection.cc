#include "client/cpp/connection.h"

#include <map>

#include "client/cpp/model_file.h"
#include "client/cpp/predict.h"
#include "client/cpp/server_answer.h"
#include "client/cpp/transport.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

// Signatures are kept only to name inputs that were given by position.
constexpr size_t kMaxSignatures = 64;

class VerifiedConnection final : public Connection {
 public:
  explicit VerifiedConnection(std::unique_ptr<AttestedTransport> transport)
      : transport_(std::move(transport)) {}

  const AttestedServer& server() const override { return transport_->server(); }

  Outcome<ModelInfo> upload_model(const std::string& path, const std::string& model_id,
                                  const UploadOptions& options) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    ASSIGN_OR_RETURN(ModelFile file, ModelFile::open(path));
    HttpClientRequest request{.method = "PUT",
                              .target = "/v1/models/" + model_id,
                              .fields = {{"content-type", "application/octet-stream"}},
                              .body = {}};
    if (!options.save_model) request.fields.emplace_back("blindai-save-model", "false");
    if (options.replace) request.fields.emplace_back("blindai-replace", "true");
    HttpBodyStream body{.length = file.size(),
                        .read = [&](std::span<uint8_t> out) -> Result<size_t> {
                          if (options.stop && options.stop())
                            return fail(Code::kUnavailable,
                                        {"client.upload.stopped", "The upload was stopped."});
                          return file.read(out);
                        },
                        .progress = {}};
    if (options.progress)
      body.progress = [&](uint64_t sent) { options.progress(sent, file.size()); };
    ASSIGN_OR_RETURN(const HttpClientResponse answer,
                     transport_->send(request, [&]() -> Result<HttpBodyStream> {
                       RETURN_IF_ERROR(file.rewind());
                       return body;
                     }));
    signatures_.erase(model_id);
    if (answer.status != 200 && answer.status != 201)
      return std::unexpected(problem_of(answer.status, answer.body));
    return parse_model(as_text(answer.body));
  }

  Outcome<Prediction> predict(const std::string& model_id, const std::vector<TensorView>& inputs,
                              const PredictOptions& options) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    ASSIGN_OR_RETURN(const std::vector<std::string_view> names, names_of(model_id, inputs));
    Outcome<Prediction> out = predict_over(*transport_, model_id, inputs, names, options);
    // Another model may have taken the name since its inputs were asked for.
    if (!out.has_value()) signatures_.erase(model_id);
    return out;
  }

  Outcome<std::vector<ModelInfo>> models() override {
    ASSIGN_OR_RETURN(const Bytes body, ask("GET", "/v1/models"));
    return parse_models(as_text(body));
  }

  Outcome<ModelInfo> model(const std::string& model_id) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    ASSIGN_OR_RETURN(const Bytes body, ask("GET", "/v1/models/" + model_id));
    return parse_model(as_text(body));
  }

  Outcome<void> delete_model(const std::string& model_id) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    signatures_.erase(model_id);
    RETURN_IF_ERROR(ask("DELETE", "/v1/models/" + model_id));
    return {};
  }

 private:
  // The inputs' own names; those without one get the name of the model's input at their position.
  Outcome<std::vector<std::string_view>> names_of(const std::string& model_id,
                                                  const std::vector<TensorView>& inputs) {
    std::vector<std::string_view> out;
    out.reserve(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].name.empty()) {
        out.emplace_back(inputs[i].name);
        continue;
      }
      ASSIGN_OR_RETURN(const ModelSignature* const signature, signature_of(model_id));
      if (i >= signature->inputs.size())
        return problem(Code::kInvalid, "client.input.position",
                       "The model has " + std::to_string(signature->inputs.size()) +
                           " inputs; give no more than that, or name them.");
      out.emplace_back(signature->inputs[i].name);
    }
    return out;
  }

  Outcome<const ModelSignature*> signature_of(const std::string& model_id) {
    const auto known = signatures_.find(model_id);
    if (known != signatures_.end()) return &known->second;
    ASSIGN_OR_RETURN(ModelInfo info, model(model_id));
    if (signatures_.size() >= kMaxSignatures) signatures_.clear();
    return &signatures_.emplace(model_id, std::move(info.signature)).first->second;
  }

  Outcome<Bytes> ask(std::string method, std::string target) {
    ASSIGN_OR_RETURN(
        HttpClientResponse answer,
        transport_->send(
            {.method = std::move(method), .target = std::move(target), .fields = {}, .body = {}}));
    if (answer.status != 200) return std::unexpected(problem_of(answer.status, answer.body));
    return std::move(answer.body);
  }

  const std::unique_ptr<AttestedTransport> transport_;
  std::map<std::string, ModelSignature> signatures_;
};

}  // namespace

Outcome<std::unique_ptr<Connection>> Connection::connect(const std::string& address,
                                                         const ConnectOptions& options,
                                                         AttestedServer* failed) {
  ASSIGN_OR_RETURN(auto transport, AttestedTransport::open(address, options, failed));
  return std::make_unique<VerifiedConnection>(std::move(transport));
}

}  // namespace blindai
