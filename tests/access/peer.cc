#include "tests/access/peer.h"

#include <algorithm>

namespace blindai {

std::optional<std::string_view> Reply::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

Reply reply_of(const HttpClientResponse& response) {
  Reply out{.status = response.status,
            .code = {},
            .sentence = {},
            .body = std::string(as_text(response.body)),
            .fields = response.fields};
  if (out.status < 400) return out;
  const auto document = JsonDocument::parse(out.body);
  BLINDAI_CHECK(document.has_value());
  out.code = document->root()["code"].string().value_or("");
  out.sentence = document->root()["error"].string().value_or("");
  return out;
}

Peer::Peer(const std::string& address, Proof proof)
    : address_(address), proof_(std::move(proof)), tls_(TlsClientContext::create()) {}

void Peer::connect() {
  if (http_ != nullptr && http_->usable()) return;
  http_ = HttpClient::connect(address_, *tls_, {}, nullptr).value();
  credentials_ = proof_(http_->tls().export_key(kAuthExporterLabel).value());
}

Reply Peer::ask(const std::string& method, const std::string& target, BytesView body,
                HttpFields fields) {
  connect();
  fields.insert(fields.end(), credentials_.begin(), credentials_.end());
  HttpClientRequest request{
      .method = method, .target = target, .fields = std::move(fields), .body = {}};
  if (!body.empty()) request.body = {body};
  return reply_of(http_->send(request).value());
}

Reply Peer::ask_slowly(const std::string& method, const std::string& target,
                       const std::string& body, const std::function<void()>& meanwhile) {
  connect();
  const HttpClientRequest request{
      .method = method, .target = target, .fields = credentials_, .body = {}};
  size_t sent = 0;
  const auto produce = [&](std::span<uint8_t> out) -> Result<size_t> {
    if (sent == 0) meanwhile();
    const size_t n = std::min(out.size(), body.size() - sent);
    std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(sent), n, out.begin());
    sent += n;
    return n;
  };
  return reply_of(
      http_->send(request, {.length = body.size(), .read = produce, .progress = {}}).value());
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

std::string token_of(uint8_t seed, const AccountLimits& limits, const SigningKey& issuer,
                     Time now) {
  return sign_account_token({.issuer = "issuer",
                             .account = "acct-" + std::to_string(seed),
                             .handle = "h" + std::to_string(seed),
                             .issued = now,
                             .expires = now + kMaxTokenLifetimeSeconds,
                             .key = key_of(seed).public_key(),
                             .limits = limits},
                            issuer);
}

}  // namespace blindai
