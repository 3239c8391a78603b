#include "enclave/serve/identity.h"

#include <utility>

#include "lib/channel/certificate.h"

namespace blindai {
namespace {

// The dates are decoration (lib/channel/certificate.h): an hour back for clocks that differ, and
// long enough that a renewed certificate is always in place before.
constexpr int64_t kBackdateSeconds = 3600;
constexpr int64_t kLifetimeSeconds = 30 * 24 * 3600;

}  // namespace

ServerIdentity::ServerIdentity(EvidenceSource& source, std::string config_text,
                               std::function<Time()> clock)
    : source_(source),
      config_text_(std::move(config_text)),
      clock_(std::move(clock)),
      tls_key_(SigningKey::generate()),
      receipt_key_(SigningKey::generate()),
      claims_{.tls_key_hash = sha256(tls_key_.spki()),
              .config_hash = sha256(as_bytes(config_text_)),
              .receipt_key_hash = sha256(receipt_key_.spki()),
              .nonce = std::nullopt,
              .exporter = std::nullopt} {}

Result<Bytes> ServerIdentity::make_certificate() {
  const Bytes claims = encode_claims(claims_);
  ASSIGN_OR_RETURN(certificate_evidence_, source_.evidence(report_data_of(claims)));
  const Time now = clock_();
  return blindai::make_certificate(tls_key_, certificate_evidence_, claims, now + -kBackdateSeconds,
                                   now + kLifetimeSeconds);
}

Result<std::string> ServerIdentity::certificate_message() {
  return message_for(certificate_evidence_, encode_claims(claims_));
}

Result<std::string> ServerIdentity::fresh_message(const ByteArray<32>& nonce,
                                                  const ByteArray<32>& exporter) {
  Claims claims = claims_;
  claims.nonce = nonce;
  claims.exporter = exporter;
  Bytes wire = encode_claims(claims);
  ASSIGN_OR_RETURN(Evidence evidence, source_.evidence(report_data_of(wire)));
  return message_for(std::move(evidence), std::move(wire));
}

Result<std::string> ServerIdentity::message_for(Evidence evidence, Bytes claims) {
  ASSIGN_OR_RETURN(Collateral collateral, source_.collateral());
  return encode_attestation_message({.evidence = std::move(evidence),
                                     .claims = std::move(claims),
                                     .collateral = std::move(collateral),
                                     .config = config_text_,
                                     .receipt_key_spki = receipt_key_.spki()});
}

}  // namespace blindai
