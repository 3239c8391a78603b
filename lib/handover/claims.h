// What the evidence of a new server vouches for when it asks an old one for its keys: the hash of
// these bytes is in the quote's report_data. docs/formats/handover.md has the byte table.
//
// No key of this map is one that a server's own claims (lib/channel/claims.h) have to have, and the
// other way round: evidence made for one purpose cannot be shown for the other. Pure.
#pragma once

#include <string_view>

#include "lib/base/bytes.h"
#include "lib/crypto/hpke.h"

namespace blindai {

// RFC 8446 section 7.5: 32 bytes under this label, with an empty context.
inline constexpr std::string_view kHandoverExporterLabel = "EXPORTER-blindai-handover";

struct HandoverClaims {
  Sha256Digest config_hash;    // "config": of the new server's measured configuration
  ByteArray<32> exporter;      // "exporter": of the connection that the offer goes over
  HpkePublicKey handover_key;  // "handover-key": made for this offer; the keys are sealed to it

  bool operator==(const HandoverClaims&) const = default;
};

Bytes encode_handover_claims(const HandoverClaims& claims);

// Errors: kTooLarge "handover.claims.size"; cbor.* for bytes that are not strict CBOR; kMalformed
// "handover.claims.layout" (not a map of exactly these three keys with 32 bytes each).
Result<HandoverClaims> parse_handover_claims(BytesView wire);

}  // namespace blindai
