// Who this server is, and its proof: the keys made at boot, the evidence over them, the
// certificate.
//
// The TLS key and the receipt key are made here and stored nowhere: a stopped server takes them
// along. Quotes and collateral may take long on hardware, so everything below blocks and is called
// on one background thread; snapshots are handed to the reactor as shared constants.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "enclave/tee/evidence_source.h"
#include "lib/base/time.h"
#include "lib/channel/attestation_message.h"
#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"

namespace blindai {

class ServerIdentity {
 public:
  // config_text: the measured configuration; its hash becomes a claim. `clock` tells the time.
  ServerIdentity(EvidenceSource& source, std::string config_text, std::function<Time()> clock);
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  // A certificate (DER) with evidence made now. Errors: the source's; lib/channel's.
  Result<Bytes> make_certificate();
  // The body of GET /v1/attestation: the evidence of the last certificate, with collateral of now.
  Result<std::string> certificate_message();
  // The body of POST /v1/attestation: evidence over this nonce and this TLS connection.
  Result<std::string> fresh_message(const ByteArray<32>& nonce, const ByteArray<32>& exporter);

  const SigningKey& tls_key() const { return tls_key_; }

 private:
  Result<std::string> message_for(Evidence evidence, Bytes claims);

  EvidenceSource& source_;
  const std::string config_text_;
  const std::function<Time()> clock_;
  const SigningKey tls_key_;
  const SigningKey receipt_key_;
  Claims claims_;  // of the certificate: without nonce and exporter
  Evidence certificate_evidence_{Tee::kSgx, {}};
};

}  // namespace blindai
