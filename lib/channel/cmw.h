// Evidence and claims in a certificate extension id-pe-cmw, 1.3.6.1.5.5.7.1.35: for TEEs whose
// evidence CCC's "Interoperable RA-TLS" has no form for. docs/formats/certificate.md has the byte
// table.
//
// The extension's value is CMW ::= CHOICE {json UTF8String, cbor OCTET STRING}, and in it stands a
// Collection CMW, a map with two Record CMWs [type, value, indicator]:
//
//   "evidence"  [media type of the TEE's evidence, the evidence, 4 (Evidence)]
//   "claims"    ["application/vnd.blindai.claims+cbor", the claims, 4 (Evidence)]
//
// RFC 9999 leaves it to the maker to bind a collection's members together: the evidence's
// report_data is the hash of the claims. CBOR is made; CBOR in its one deterministic encoding and
// JSON are read. Source: RFC 9999, sections on Record CMW, Collection CMW and the X.509 extension.
// Pure.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"

namespace blindai {

inline constexpr char kCmwOid[] = "1.3.6.1.5.5.7.1.35";

// Unverified.
struct CarriedEvidence {
  Evidence evidence;
  Bytes claims;
};

// True for the TEEs that have a media type here: SNP and Nitro.
bool has_cmw_type(Tee tee);

// The extension's value, DER. Requires has_cmw_type(evidence.tee).
Bytes encode_cmw(const Evidence& evidence, BytesView claims);

// Errors: kMalformed "channel.cmw.choice" (not one UTF8String or OCTET STRING in DER), cbor.* or
// json.*, "channel.cmw.layout" (not a collection of exactly these two records, or base64url that is
// not canonical); kUntrusted "channel.cmw.type" (a media type that is not known, or an indicator
// that does not say Evidence).
Result<CarriedEvidence> decode_cmw(BytesView extension);

}  // namespace blindai
