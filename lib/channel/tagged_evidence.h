// Evidence and claims in a certificate extension 2.23.133.5.4.9: CBOR tag 60000 around [quote,
// claims], for Intel's TEEs. Private to lib/channel. Source: CCC Attestation SIG "Interoperable
// RA-TLS"; TCG DICE Attestation Architecture.   Pure.
#pragma once

#include "lib/channel/cmw.h"

namespace blindai {

// Which TEE a DCAP quote is of, from its header: version u16 at 0, tee_type u32 at 4 (reserved zero
// in version 3). Errors: kMalformed "channel.certificate.evidence-layout" (no header); kUntrusted
// "channel.certificate.evidence-kind" (another version or TEE).
Result<Tee> tee_of_quote(BytesView quote);

Bytes encode_tagged_evidence(BytesView quote, BytesView claims);

// Errors: cbor.*; kMalformed "channel.certificate.evidence-layout"; those of tee_of_quote().
Result<CarriedEvidence> read_tagged_evidence(BytesView extension);

}  // namespace blindai
