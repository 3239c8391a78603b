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
    RETURN_IF_ERROR(check_access(
        {.is_private = options.is_private, .callers = options.callers, .handover = {}}));
    ASSIGN_OR_RETURN(ModelFile file, ModelFile::open(path));
    HttpClientRequest request{.method = "PUT",
                              .target = model_target(model_id),
                              .fields = {{"content-type", "application/octet-stream"}},
                              .body = {}};
    if (!options.save_model) request.fields.emplace_back("blindai-save-model", "false");
    if (options.replace) request.fields.emplace_back("blindai-replace", "true");
    if (options.is_private) request.fields.emplace_back("blindai-visibility", "private");
    if (!options.callers.empty())
      request.fields.emplace_back("blindai-callers", callers_to_text(options.callers));
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
    return model_in(answer);
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

  Outcome<ModelInfo> model(const std::string& model_id, uint64_t least_epoch) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    HttpFields fields;
    if (least_epoch != 0) fields.emplace_back("blindai-least-epoch", std::to_string(least_epoch));
    ASSIGN_OR_RETURN(const HttpClientResponse answer, answer_to({.method = "GET",
                                                                 .target = model_target(model_id),
                                                                 .fields = std::move(fields),
                                                                 .body = {}}));
    ASSIGN_OR_RETURN(ModelInfo out, model_in(answer));
    // A server that does not know the header would pass over it.
    if (least_epoch != 0 && (!out.receipt.has_value() || out.receipt->epoch < least_epoch))
      return problem(Code::kConflict, "vault.rolled-back",
                     "The server's model is older than the receipt; its store was put back to an "
                     "older copy. Upload the model again, and ask the operator what happened.");
    return out;
  }

  Outcome<std::optional<StoredReceipt>> delete_model(const std::string& model_id) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    signatures_.erase(model_id);
    ASSIGN_OR_RETURN(const Bytes body, ask("DELETE", model_target(model_id)));
    return parse_receipt(as_text(body));
  }

  Outcome<ModelAccess> access(const std::string& model_id) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    ASSIGN_OR_RETURN(const Bytes body, ask("GET", model_target(model_id) + "/access"));
    return parse_access(as_text(body));
  }

  Outcome<StoredReceipt> set_access(const std::string& model_id,
                                    const ModelAccess& rules) override {
    RETURN_IF_ERROR(check_model_id(model_id));
    RETURN_IF_ERROR(check_access(rules));
    ASSIGN_OR_RETURN(const Bytes body,
                     ask_with("PUT", model_target(model_id) + "/access", to_json(rules)));
    ASSIGN_OR_RETURN(std::optional<StoredReceipt> receipt, parse_receipt(as_text(body)));
    if (!receipt.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
    return *std::move(receipt);
  }

  Outcome<OwnerKeys> keys() override {
    ASSIGN_OR_RETURN(const Bytes body, ask("GET", "/v1/keys"));
    return parse_keys(as_text(body));
  }

  Outcome<OwnerKeys> endorse(const PublicKey& key,
                             const ByteArray<kEd25519SignatureLen>& consent) override {
    const std::string json = endorsement_to_json({.owner = {}, .key = key, .consent = consent});
    ASSIGN_OR_RETURN(const Bytes body, ask_with("POST", "/v1/keys", json));
    return parse_keys(as_text(body));
  }

  Outcome<OwnerKeys> retire(const PublicKey& key) override {
    ASSIGN_OR_RETURN(const Bytes body, ask("DELETE", "/v1/keys/" + to_text(key)));
    return parse_keys(as_text(body));
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
    ASSIGN_OR_RETURN(ModelInfo info, model(model_id, 0));
    if (signatures_.size() >= kMaxSignatures) signatures_.clear();
    return &signatures_.emplace(model_id, std::move(info.signature)).first->second;
  }

  static std::string model_target(const std::string& model_id) { return "/v1/models/" + model_id; }

  static Outcome<ModelInfo> model_in(const HttpClientResponse& answer) {
    ASSIGN_OR_RETURN(ModelInfo out, parse_model(as_text(answer.body)));
    ASSIGN_OR_RETURN(out.expires, parse_expiry(answer.field("blindai-model-expires")));
    return out;
  }

  Outcome<Bytes> ask(std::string method, std::string target) {
    return body_of(
        {.method = std::move(method), .target = std::move(target), .fields = {}, .body = {}});
  }
  Outcome<Bytes> ask_with(std::string method, std::string target, std::string_view json) {
    return body_of({.method = std::move(method),
                    .target = std::move(target),
                    .fields = {{"content-type", "application/json"}},
                    .body = {as_bytes(json)}});
  }
  Outcome<Bytes> body_of(const HttpClientRequest& request) {
    ASSIGN_OR_RETURN(HttpClientResponse answer, answer_to(request));
    return std::move(answer.body);
  }
  Outcome<HttpClientResponse> answer_to(const HttpClientRequest& request) {
    ASSIGN_OR_RETURN(HttpClientResponse answer, transport_->send(request));
    if (answer.status != 200) return std::unexpected(problem_of(answer.status, answer.body));
    return answer;
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
