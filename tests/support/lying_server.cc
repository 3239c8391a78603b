#include "tests/support/lying_server.h"

#include <algorithm>

#include "client/cpp/attestation.h"
#include "lib/channel/attestation_message.h"
#include "lib/channel/binding.h"
#include "lib/channel/certificate.h"
#include "tests/support/test_certificate.h"

namespace blindai {

class LyingServer::Service final : public HttpService {
 public:
  explicit Service(LyingServer& server) : server_(server) {}

  class Exchange final : public HttpExchange {
   public:
    Exchange(LyingServer& server, SeenRequest request, HttpReply reply)
        : server_(server), request_(std::move(request)), reply_(std::move(reply)) {}
    std::span<uint8_t> body_space() override { return buffer_; }
    void body_filled(size_t n) override { append(request_.body, BytesView(buffer_).first(n)); }
    void body_done() override {
      if (request_.target == "/v1/attestation") return answer_question();
      request_.exporter = reply_.export_key(kAuthExporterLabel).value();
      const std::lock_guard lock(server_.mutex_);
      server_.requests_.push_back(std::move(request_));
      reply_.send(server_.response_);
    }

   private:
    void answer_question() {
      ++server_.num_questions_;
      {
        const std::lock_guard lock(server_.mutex_);
        HttpFields& seen = server_.question_fields_;
        seen.insert(seen.end(), request_.fields.begin(), request_.fields.end());
      }
      HttpResponse response;
      response.body =
          server_.message_for(decode_attestation_question(as_text(request_.body)).value(),
                              reply_.export_key(kExporterLabel).value());
      reply_.send(std::move(response));
    }

    LyingServer& server_;
    SeenRequest request_;
    HttpReply reply_;
    ByteArray<65536> buffer_;
  };

  std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) override {
    if (head.target == "/v1/models/refused-early") {
      HttpResponse response;
      response.status = 409;
      response.body = R"({"error":"The name is taken; choose another.","code":"model.taken"})";
      reply.send(std::move(response));
      return nullptr;
    }
    return std::make_shared<Exchange>(
        server_,
        SeenRequest{
            .method = head.method, .target = head.target, .fields = head.fields, .body = {}},
        reply);
  }
  HttpResponse refuse(const Error& error) override {
    HttpResponse response;
    response.status = 400;
    response.body = error.id.text;
    return response;
  }

 private:
  LyingServer& server_;
};

LyingServer::LyingServer(Lies lies)
    : lies_(std::move(lies)),
      tls_key_(SigningKey::generate()),
      receipt_key_(SigningKey::generate()) {
  response_.status = 404;
  response_.body = R"({"error":"There is no such model; list them.","code":"model.unknown"})";
  make_identity();
  start("127.0.0.1:0");
}

LyingServer::~LyingServer() {
  stop();
}

void LyingServer::make_identity() {
  source_ = std::make_unique<SimulationSource>(measurement(), now_of_system, lies_.platform);
  tls_key_ = SigningKey::generate();
  receipt_key_ = SigningKey::generate();
  claims_ = {.tls_key_hash = sha256(tls_key_.spki()),
             .config_hash = sha256(as_bytes(kConfig)),
             .receipt_key_hash = sha256(receipt_key_.spki()),
             .nonce = {},
             .exporter = {}};
  const SigningKey other = SigningKey::generate();
  const SigningKey& used = lies_.certificate_of_other_key ? other : tls_key_;
  const Bytes claims = encode_claims(claims_);
  const Evidence evidence = source_->evidence(report_data_of(claims)).value();
  const Time now = now_of_system();
  const Bytes certificate = lies_.certificate_without_evidence
                                ? make_test_certificate(used)
                                : make_certificate(used, evidence, claims, now, now + 3600).value();
  tls_ = TlsServerContext::create(certificate, used).value();
}

std::string LyingServer::message_for(const ByteArray<32>& nonce, const ByteArray<32>& exporter) {
  if (!lies_.answers_with.empty()) return lies_.answers_with;
  Claims claims = claims_;
  if (!lies_.answers_with_certificate) {
    claims.nonce = lies_.answers_other_nonce ? sha256(nonce) : nonce;
    claims.exporter = lies_.answers_for_other_connection ? sha256(exporter) : exporter;
  }
  if (lies_.answers_for_other_key) claims.tls_key_hash = sha256(SigningKey::generate().spki());
  AttestationMessage message;
  message.claims = encode_claims(claims);
  message.evidence = source_->evidence(report_data_of(message.claims)).value();
  if (!lies_.without_collateral) message.collateral = source_->collateral().value();
  message.config = kConfig;
  message.receipt_key_spki = receipt_key_.spki();
  if (lies_.sends_other_config) message.config += "max_models = 1\n";
  if (lies_.sends_other_receipt_key) message.receipt_key_spki = SigningKey::generate().spki();
  if (lies_.sends_other_claims) {
    claims.receipt_key_hash = sha256(message.receipt_key_spki = SigningKey::generate().spki());
    message.claims = encode_claims(claims);
  }
  return encode_attestation_message(message).value();
}

void LyingServer::start(const std::string& address) {
  reactor_ = Reactor::create();
  service_ = std::make_unique<Service>(*this);
  const int fd = listen_on(address).value();
  address_ = "127.0.0.1:" + std::to_string(port_of(fd));
  server_ = HttpServer::create(*reactor_, fd, *tls_, *service_, {});
  thread_ = std::thread([this] { reactor_->run(); });
}

void LyingServer::stop() {
  reactor_->post([this] {
    server_.reset();
    reactor_->stop();
  });
  thread_.join();
}

void LyingServer::drop_connections() {
  stop();
  start(address_);
}

void LyingServer::restart(Lies lies) {
  stop();
  lies_ = std::move(lies);
  make_identity();
  start(address_);
}

std::vector<SeenRequest> LyingServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string SeenRequest::field(std::string_view lower_case_name) const {
  for (const auto& [name, value] : fields)
    if (name == lower_case_name) return value;
  return "";
}

bool LyingServer::question_had(std::string_view lower_case_name) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(question_fields_,
                             [&](const auto& field) { return field.first == lower_case_name; });
}

void LyingServer::answer_with(HttpResponse response) {
  const std::lock_guard lock(mutex_);
  response_ = std::move(response);
}

}  // namespace blindai
