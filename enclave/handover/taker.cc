#include "enclave/handover/taker.h"

#include "lib/attest/verify.h"
#include "lib/channel/attestation_message.h"
#include "lib/channel/binding.h"
#include "lib/channel/certificate.h"
#include "lib/crypto/crypto.h"
#include "lib/handover/claims.h"
#include "lib/oip/client_codec.h"

namespace blindai {
namespace {

Problem refusal(const HttpClientResponse& answer) {
  ServerError said = parse_error_body(answer.status, answer.body);
  Problem out(said.code, "handover.refused", "The old server says: " + said.sentence);
  out.remote_code = std::move(said.name);
  return out;
}

// Evidence in the certificate first, then the one made for this connection: as any client of that
// server does (client/cpp), with the policy of this server.
Outcome<void> judge(const AttestedCertificate& certificate, const AttestationMessage& message,
                    const Freshness& fresh, const Policy& policy, const TrustRoots& roots,
                    Time now) {
  const ChannelFacts here{.tls_spki = certificate.spki,
                          .config = as_bytes(message.config),
                          .receipt_key_spki = message.receipt_key_spki};
  const Verification old =
      verify(certificate.evidence, certificate.claims, message.collateral, policy, roots, now);
  if (!old.ok()) return std::unexpected(old.problem());
  const Binding bound =
      bind_certificate(*old.evidence(), certificate.claims, here, policy.configurations);
  if (!bound.ok()) return std::unexpected(bound.problem());
  const Verification now_made =
      verify(message.evidence, message.claims, message.collateral, policy, roots, now);
  if (!now_made.ok()) return std::unexpected(now_made.problem());
  const Binding bound_here =
      bind_fresh(*now_made.evidence(), message.claims, here, fresh, policy.configurations);
  if (!bound_here.ok()) return std::unexpected(bound_here.problem());
  return {};
}

}  // namespace

Outcome<std::unique_ptr<HttpClient>> HandoverTaker::connect() {
  HttpClientOptions options;
  options.stall_time = std::chrono::seconds(60);
  options.response_bytes = kMaxAttestationMessage;
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> http,
                   HttpClient::connect(facts_.from, *tls_, options, nullptr));
  ASSIGN_OR_RETURN(const Bytes der, http->tls().peer_certificate());
  ASSIGN_OR_RETURN(const AttestedCertificate certificate, read_certificate(der));
  Freshness fresh;
  random_bytes(fresh.nonce);
  ASSIGN_OR_RETURN(fresh.exporter, http->tls().export_key(kExporterLabel));
  const std::string question = encode_attestation_question(fresh.nonce);
  ASSIGN_OR_RETURN(const HttpClientResponse answer,
                   http->send({.method = "POST",
                               .target = "/v1/attestation",
                               .fields = {{"content-type", "application/json"}},
                               .body = {as_bytes(question)}}));
  if (answer.status != 200) return std::unexpected(refusal(answer));
  ASSIGN_OR_RETURN(const AttestationMessage message,
                   decode_attestation_message(as_text(answer.body)));
  RETURN_IF_ERROR(judge(certificate, message, fresh, facts_.policy, facts_.roots, facts_.clock()));
  return http;
}

Outcome<Bytes> HandoverTaker::post(HttpClient& http, BytesView message) {
  ASSIGN_OR_RETURN(HttpClientResponse answer,
                   http.send({.method = "POST",
                              .target = "/v1/handover",
                              .fields = {{"content-type", "application/octet-stream"}},
                              .body = {message}}));
  if (answer.status != 200) return std::unexpected(refusal(answer));
  return std::move(answer.body);
}

Outcome<HandedKeys> HandoverTaker::ask() {
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpClient> http, connect());
  ASSIGN_OR_RETURN(const auto exporter, http->tls().export_key(kHandoverExporterLabel));
  const HpkeKey key;
  HandoverOffer offer{
      .evidence = {Tee::kSgx, {}},
      .claims = encode_handover_claims({.config_hash = sha256(as_bytes(facts_.config)),
                                        .exporter = exporter,
                                        .handover_key = key.public_key()}),
      .collateral = {},
      .config = facts_.config,
      .keeps = facts_.keeps};
  ASSIGN_OR_RETURN(offer.evidence, source_.evidence(report_data_of(offer.claims)));
  ASSIGN_OR_RETURN(offer.collateral, source_.collateral());
  ASSIGN_OR_RETURN(const Bytes request, encode_offer(offer));
  ASSIGN_OR_RETURN(const Bytes answer, post(*http, request));
  ASSIGN_OR_RETURN(const HpkeSealed sealed, decode_sealed_keys(answer));
  ASSIGN_OR_RETURN(Bytes plaintext, key.open(sealed.enc, handover_info(exporter),
                                             handover_aad(request), sealed.text));
  Result<HandedKeys> keys = decode_handed_keys(plaintext);
  wipe(plaintext.data(), plaintext.size());
  if (!keys.has_value()) return std::unexpected(keys.error());
  return std::move(*keys);
}

Outcome<void> HandoverTaker::confirm(const TransferId& transfer) {
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpClient> http, connect());
  ASSIGN_OR_RETURN(const Bytes answer,
                   post(*http, encode_transfer(HandoverMessage::kConfirmation, transfer)));
  ASSIGN_OR_RETURN(const TransferId found, decode_transfer(HandoverMessage::kFarewell, answer));
  if (found != transfer) return std::unexpected(Error{Code::kMalformed, "handover.message.layout"});
  return {};
}

}  // namespace blindai
