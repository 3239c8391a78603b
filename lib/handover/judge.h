// Whether a new server may have the keys: the old one's judgement of an offer. Pure.
//
// Every check of lib/attest on the evidence, and then, in this order:
//   handover.claims           the claims are those the evidence vouches for, and can be read
//   handover.exporter         they name this TLS connection
//   handover.config           they name the configuration that was sent
//   handover.config-accepted  the policy accepts that configuration
// The first that fails is the error's id; all of these are kDenied for whoever asked.
#pragma once

#include "lib/attest/verify.h"
#include "lib/handover/claims.h"
#include "lib/handover/message.h"

namespace blindai {

// What was found true of an offer. Only judge_offer() makes one, and only when every check passed.
class AcceptedOffer {
 public:
  class Passkey {
    Passkey() = default;
    friend Outcome<AcceptedOffer> judge_offer(const HandoverOffer& offer,
                                              const ByteArray<32>& exporter, const Policy& policy,
                                              const TrustRoots& roots, Time now);
  };
  AcceptedOffer(Passkey, const HpkePublicKey& key, const Sha256Digest& release)
      : handover_key_(key), release_(release) {}

  const HpkePublicKey& handover_key() const { return handover_key_; }
  const Sha256Digest& release() const { return release_; }  // release.h

 private:
  HpkePublicKey handover_key_;
  Sha256Digest release_;
};

// `exporter`: of the connection the offer came over, under kHandoverExporterLabel, from the TLS
// library of this side.
Outcome<AcceptedOffer> judge_offer(const HandoverOffer& offer, const ByteArray<32>& exporter,
                                   const Policy& policy, const TrustRoots& roots, Time now);

}  // namespace blindai
