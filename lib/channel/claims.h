// What the evidence of a server vouches for, beside its program: the hash of these bytes is in the
// quote's report_data. docs/formats/claims.md has the byte table.
//
//   Bytes wire = encode_claims(claims);
//   source.evidence(report_data_of(wire));
//
// The client hashes and reads the bytes it received, never a re-encoding; since the encoding is
// deterministic (lib/base/cbor.h), the two are the same whenever parse_claims() succeeds.
// Source: CCC Attestation SIG "Interoperable RA-TLS" (claims map, "pubkey-hash", "nonce"); the
// other keys are ours.   Pure.
#pragma once

#include <optional>

#include "lib/base/bytes.h"

namespace blindai {

struct Claims {
  Sha256Digest tls_key_hash;      // "pubkey-hash": of the TLS key's SubjectPublicKeyInfo
  Sha256Digest config_hash;       // "config": of the measured configuration's text
  Sha256Digest receipt_key_hash;  // "receipt-key": of the receipt key's SubjectPublicKeyInfo
  // Present in evidence made for one connection, absent in a certificate's.
  std::optional<ByteArray<32>> nonce;     // "nonce": what the client sent
  std::optional<ByteArray<32>> exporter;  // "exporter": of that TLS connection

  bool operator==(const Claims&) const = default;
};

inline constexpr size_t kMaxClaims = 1024;

Bytes encode_claims(const Claims& claims);

// The value of "pubkey-hash": CBOR [1, digest], where 1 is SHA-256.
Bytes encode_key_hash(const Sha256Digest& digest);

// Errors: kTooLarge "channel.claims.size"; cbor.* for bytes that are not strict CBOR; kMalformed
// "channel.claims.layout" (not a map, or a value of another type or length),
// "channel.claims.missing" (a required key), "channel.claims.unknown" (a key that is not listed
// above: what a verifier does not understand it must not seem to have checked); kUntrusted
// "channel.claims.hash-algorithm" (a pubkey-hash that is not SHA-256).
Result<Claims> parse_claims(BytesView wire);

// What evidence over these claims carries: SHA-256(claims), then 32 zero bytes.
ByteArray<64> report_data_of(BytesView claims);

}  // namespace blindai
