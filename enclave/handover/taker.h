// The new server's side of a handover, towards the old one: verifies it, asks it for its keys,
// confirms that they are kept. docs/formats/handover.md has the protocol.
//
// Blocking. Each call makes a connection of its own and verifies the old server on it, under the
// measured configuration's handover.from, before it says anything.
#pragma once

#include <functional>
#include <string>

#include "enclave/tee/evidence_source.h"
#include "lib/attest/policy.h"
#include "lib/attest/trust_roots.h"
#include "lib/handover/keys.h"
#include "net/http_client.h"

namespace blindai {

class HandoverTaker {
 public:
  struct Facts {
    std::string from;    // HOST:PORT
    Policy policy;       // handover.from
    TrustRoots roots;    // production_roots(), or the simulation's for a simulation
    std::string config;  // the measured configuration's text, which goes along
    bool keeps;          // what this server seals outlives its process
    std::function<Time()> clock;
  };
  // `source` outlives it.
  HandoverTaker(EvidenceSource& source, Facts facts) : source_(source), facts_(std::move(facts)) {}

  // Errors of both: those of HttpClient; of read_certificate() and decode_attestation_message(); by
  // the id of the check that failed, for an old server that is not what the policy says; kDenied
  // and others "handover.refused" for what the old one refused: its own id in remote_code, which
  // name() returns.
  //   ask: handover.message.*, handover.keys.layout; kUntrusted "crypto.hpke.open"
  Outcome<HandedKeys> ask();
  //   confirm: kMalformed "handover.message.layout" for a farewell to another transfer
  Outcome<void> confirm(const TransferId& transfer);

 private:
  Outcome<std::unique_ptr<HttpClient>> connect();
  Outcome<Bytes> post(HttpClient& http, BytesView message);

  EvidenceSource& source_;
  const Facts facts_;
  std::unique_ptr<TlsClientContext> tls_ = TlsClientContext::create();
};

}  // namespace blindai
