// A new server's offer on one connection, made the way HandoverTaker makes one.
#pragma once

#include "enclave/tee/evidence_source.h"
#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/hpke.h"
#include "lib/handover/claims.h"
#include "lib/handover/message.h"

namespace blindai {

// exporter: of the connection, under kHandoverExporterLabel; config: the new server's.
inline HandoverOffer make_offer(EvidenceSource& source, const HpkeKey& key,
                                const ByteArray<32>& exporter, const std::string& config) {
  HandoverOffer out{.evidence = {Tee::kSgx, {}},
                    .claims = encode_handover_claims({.config_hash = sha256(as_bytes(config)),
                                                      .exporter = exporter,
                                                      .handover_key = key.public_key()}),
                    .collateral = source.collateral().value(),
                    .config = config,
                    .keeps = true};
  out.evidence = source.evidence(report_data_of(out.claims)).value();
  return out;
}

}  // namespace blindai
