#include "client/cpp/transport.h"

#include <algorithm>

#include "client/cpp/attestation.h"
#include "client/cpp/server_answer.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Says what the ids of one format leave unsaid. An id of JSON's would not say whose JSON.
Problem explained(const Error& error, std::string_view sentence) {
  const bool of_channel = error.name().starts_with("channel.");
  return Problem(error.code, of_channel ? error.id : Id("client.attestation-message"),
                 std::string(sentence) + " [" + error.id.text + "]");
}

constexpr std::string_view kBadCertificate =
    "The server's certificate does not carry attestation evidence that can be read, so nothing "
    "shows "
    "what runs there. Check that the address is a BlindAI server's; do not send data to it.";
constexpr std::string_view kBadMessage =
    "The server's answer to the attestation question cannot be read. Check that the address is a "
    "BlindAI server's, and that this client is as new as the server; do not send data to it.";

}  // namespace

AttestedTransport::AttestedTransport(std::string address, ConnectOptions options)
    : address_(std::move(address)),
      options_(std::move(options)),
      tls_(TlsClientContext::create()),
      credentials_(options_.api_key, options_.account_token) {}

Outcome<std::unique_ptr<AttestedTransport>> AttestedTransport::open(const std::string& address,
                                                                    const ConnectOptions& options,
                                                                    AttestedServer* failed) {
  std::unique_ptr<AttestedTransport> out(new AttestedTransport(address, options));
  RETURN_IF_ERROR(out->credentials_.check());
  RETURN_IF_ERROR(out->reconnect(failed));
  return out;
}

bool AttestedTransport::is_fresh() const {
  return now_of_system() <= fresh_until_;
}

Outcome<void> AttestedTransport::ready() {
  if (http_ != nullptr && http_->usable() && is_fresh()) return {};
  return reconnect(nullptr);
}

Outcome<void> AttestedTransport::reconnect(AttestedServer* failed) {
  if (http_ != nullptr) {
    if (auto session = http_->tls().session(); session != nullptr) session_ = std::move(session);
    http_.reset();
  }
  HttpClientOptions limits;
  limits.connect_time = options_.connect_time;
  limits.stall_time = options_.request_time;
  limits.interrupted = options_.interrupted;
  ASSIGN_OR_RETURN(auto http, HttpClient::connect(address_, *tls_, limits, session_.get()));
  ASSIGN_OR_RETURN(const Bytes der, http->tls().peer_certificate());
  Result<AttestedCertificate> certificate = read_certificate(der);
  if (!certificate.has_value())
    return std::unexpected(explained(certificate.error(), kBadCertificate));
  const bool same_key = !attested_key_.empty() && equal(certificate->spki, attested_key_);
  if (!same_key || !is_fresh()) RETURN_IF_ERROR(attest(*http, std::move(*certificate), failed));
  ASSIGN_OR_RETURN(const AuthExporter exporter, http->tls().export_key(kAuthExporterLabel));
  credentials_.bind(exporter);
  http_ = std::move(http);
  return {};
}

Outcome<void> AttestedTransport::attest(HttpClient& http, AttestedCertificate certificate,
                                        AttestedServer* failed) {
  Presented presented{.certificate = std::move(certificate), .message = {}, .freshness = {}};
  random_bytes(presented.freshness.nonce);
  ASSIGN_OR_RETURN(presented.freshness.exporter, http.tls().export_key(kExporterLabel));
  const std::string question = encode_attestation_question(presented.freshness.nonce);
  const uint64_t usual_limit = HttpClientOptions{}.response_bytes;
  http.limit_response(kMaxAttestationMessage);
  ASSIGN_OR_RETURN(const HttpClientResponse answer,
                   http.send({.method = "POST",
                              .target = "/v1/attestation",
                              .fields = {{"content-type", "application/json"}},
                              .body = {as_bytes(question)}}));
  if (answer.status != 200) return std::unexpected(problem_of(answer.status, answer.body));
  Result<AttestationMessage> message = decode_attestation_message(as_text(answer.body));
  if (!message.has_value()) return std::unexpected(explained(message.error(), kBadMessage));
  presented.message = std::move(*message);
  AttestedServer judged;
  judged.message = as_text(answer.body);
  const Outcome<void> verdict = judge_server(presented, options_.policy, options_.simulation,
                                             now_of_system(), verified_, judged);
  if (!verdict.has_value()) {
    if (failed != nullptr) *failed = std::move(judged);
    return verdict;
  }
  http.limit_response(usual_limit);
  attested_key_ = std::move(presented.certificate.spki);
  fresh_until_ = std::min(judged.certificate.evidence()->fresh_until(),
                          judged.fresh.evidence()->fresh_until());
  server_ = std::move(judged);
  return {};
}

// "net.closed" says that no answer came. A cut without a farewell may come after the server acted,
// so only a request that can be repeated without harm is.
bool AttestedTransport::may_repeat(const Error& error, const HttpClientRequest& request) const {
  if (error.name() == "net.closed") return true;
  const bool cut = error.name() == "tls.eof" || error.name() == "tls.reset";
  return cut && request.method != "DELETE";
}

template <typename Send>
Outcome<HttpClientResponse> AttestedTransport::send_with(const HttpClientRequest& request,
                                                         const Send& once) {
  RETURN_IF_ERROR(ready());
  HttpClientRequest signed_request = request;
  RETURN_IF_ERROR(credentials_.add_to(signed_request.fields));
  Result<HttpClientResponse> answer = once(signed_request);
  if (!answer.has_value() && may_repeat(answer.error(), request)) {
    RETURN_IF_ERROR(reconnect(nullptr));
    signed_request.fields = request.fields;
    RETURN_IF_ERROR(credentials_.add_to(signed_request.fields));
    answer = once(signed_request);
  }
  if (!answer.has_value()) return std::unexpected(answer.error());
  return std::move(*answer);
}

Outcome<HttpClientResponse> AttestedTransport::send(const HttpClientRequest& request) {
  return send_with(request, [&](const HttpClientRequest& r) { return http_->send(r); });
}

Outcome<HttpClientResponse> AttestedTransport::send(
    const HttpClientRequest& request, const std::function<Result<HttpBodyStream>()>& restart) {
  return send_with(request, [&](const HttpClientRequest& r) -> Result<HttpClientResponse> {
    ASSIGN_OR_RETURN(const HttpBodyStream body, restart());
    return http_->send(r, body);
  });
}

}  // namespace blindai
