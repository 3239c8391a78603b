// Judges what a server presented on one connection. Internal to client/cpp; pure, so that every
// refusal can be tested without a network.
#pragma once

#include "client/cpp/connection.h"
#include "lib/channel/attestation_message.h"
#include "lib/channel/binding.h"
#include "lib/channel/certificate.h"

namespace blindai {

// The certificate of this TLS connection and the answer to the question asked on it.
struct Presented {
  AttestedCertificate certificate;  // the one the TLS library authenticated the peer with
  AttestationMessage message;
  Freshness freshness;  // the nonce of that question and this connection's exporter
};

// Evidence of the certificate, its claims, fresh evidence, its claims, in that order, all of them
// even after a failure, so that `out` shows the whole picture. Returns the first failure.
// Both pieces of evidence come from one platform: with `cache` the second costs one signature.
// Errors: by the id of the check; kUntrusted "client.simulation" for evidence of the simulation
// when `simulation` is off.
Outcome<void> judge_server(const Presented& presented, const Policy& policy, bool simulation,
                           Time now, VerificationCache& cache, AttestedServer& out);

// Evidence alone, under the vendors' roots or the simulation's. Errors as above.
Outcome<void> judge_evidence(const Evidence& evidence, BytesView claims,
                             const Collateral& collateral, const Policy& policy, bool simulation,
                             Time now, Verification& out);

// A saved attestation message: its evidence, and that its claims name the configuration and the
// receipt key in it. Whose connection it came over cannot be judged from a file, so the checks of
// key, nonce and exporter are left out of `out`, whose ok() is therefore false; what is returned
// is the judgement.
Outcome<void> judge_saved(std::string_view message, const Policy& policy, bool simulation, Time now,
                          AttestedServer& out);

}  // namespace blindai
