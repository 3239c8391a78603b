#include "tests/access/peer.h"

namespace blindai {

std::optional<std::string_view> Reply::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

Reply reply_of(unsigned status, HttpFields fields, std::string body) {
  Reply out{.status = status,
            .code = {},
            .sentence = {},
            .body = std::move(body),
            .fields = std::move(fields)};
  if (status < 400) return out;
  const auto document = JsonDocument::parse(out.body);
  BLINDAI_CHECK(document.has_value());
  out.code = document->root()["code"].string().value_or("");
  out.sentence = document->root()["error"].string().value_or("");
  return out;
}

Peer::Peer(const std::string& address, Proof proof)
    : address_(address), proof_(std::move(proof)), tls_(TlsClientContext::create()) {}

Reply Peer::ask(const std::string& method, const std::string& target, BytesView body,
                HttpFields fields) {
  if (http_ == nullptr || !http_->usable()) {
    http_ = HttpClient::connect(address_, *tls_, {}, nullptr).value();
    credentials_ = proof_(http_->tls().export_key(kAuthExporterLabel).value());
  }
  fields.insert(fields.end(), credentials_.begin(), credentials_.end());
  HttpClientRequest request{
      .method = method, .target = target, .fields = std::move(fields), .body = {}};
  if (!body.empty()) request.body = {body};
  const HttpClientResponse response = http_->send(request).value();
  return reply_of(response.status, response.fields, std::string(as_text(response.body)));
}

Peer::Proof no_proof() {
  return [](const AuthExporter&) { return HttpFields(); };
}

Peer::Proof proof_of(const ApiKey& key) {
  auto shared = std::make_shared<ApiKey>(key.duplicate(KeyAccess()));
  return [shared](const AuthExporter& exporter) {
    return HttpFields{{"authorization", make_connection_proof(*shared, exporter)}};
  };
}

Peer::Proof proof_of(const ApiKey& key, std::string token) {
  return [proof = proof_of(key), token = std::move(token)](const AuthExporter& exporter) {
    HttpFields out = proof(exporter);
    out.emplace_back("blindai-account", token);
    return out;
  };
}

ApiKey key_of(uint8_t seed) {
  ByteArray<32> raw{};
  raw.fill(seed);
  return ApiKey::from_seed(SecretKey(std::move(raw)));
}

}  // namespace blindai
