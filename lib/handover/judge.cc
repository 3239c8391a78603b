#include "lib/handover/judge.h"

#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"
#include "lib/handover/release.h"

namespace blindai {
namespace {

std::unexpected<Problem> refused(Id id, const std::string& sentence) {
  return problem(Code::kDenied, id, sentence);
}

}  // namespace

Outcome<AcceptedOffer> judge_offer(const HandoverOffer& offer, const ByteArray<32>& exporter,
                                   const Policy& policy, const TrustRoots& roots, Time now) {
  const Verification evidence =
      verify(offer.evidence, offer.claims, offer.collateral, policy, roots, now);
  if (!evidence.ok()) {
    const Problem found = evidence.problem();
    return refused(found.id, "The new server's evidence does not hold here: " + found.sentence);
  }
  const Result<HandoverClaims> claims = parse_handover_claims(offer.claims);
  if (evidence.evidence()->report_data() != report_data_of(offer.claims) || !claims.has_value())
    return refused("handover.claims",
                   "The new server's evidence was not made for a handover: use the same version of "
                   "`blindai-server handover` as this server's documentation names.");
  if (claims->exporter != exporter)
    return refused("handover.exporter",
                   "The new server's evidence was made for another TLS connection: it may be an "
                   "old offer shown again, or relayed. Run `blindai-server handover` again, with "
                   "nothing between the two servers that ends TLS.");
  if (claims->config_hash != sha256(as_bytes(offer.config)))
    return refused("handover.config",
                   "The new server sent another configuration than its evidence vouches for; run "
                   "`blindai-server handover` again.");
  if (!policy.configurations.accepts(claims->config_hash))
    return refused("handover.config-accepted",
                   "This server hands over to no server with the configuration " +
                       to_hex(claims->config_hash) +
                       "; start the new one with a configuration that the field "
                       "handover.to.configurations of this one lists.");
  return AcceptedOffer(AcceptedOffer::Passkey(), claims->handover_key,
                       release_id(*evidence.evidence(), claims->config_hash));
}

}  // namespace blindai
