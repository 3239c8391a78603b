// The server's self-signed TLS certificate, which carries the evidence for its own key.
// docs/formats/certificate.md has the byte table.
//
// Nothing in the certificate is trusted for being in it: names and dates are decoration, the
// evidence is what a client verifies, and the claims tie it to the key (binding.h). Source: CCC
// Attestation SIG "Interoperable RA-TLS"; TCG DICE Attestation Architecture (the OID,
// tcg-dice-TaggedEvidence 2.23.133.5.4.9); RFC 9999 (CMW, 1.3.6.1.5.5.7.1.35).   Pure.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

inline constexpr size_t kMaxCertificate = 32 * 1024;
inline constexpr size_t kMaxEvidence = 20 * 1024;  // a Nitro document may have 17 KiB

// Unverified: what a certificate says.
struct AttestedCertificate {
  Bytes spki;  // of the certificate's key, DER
  Evidence evidence;
  Bytes claims;
};

// CN "blindai", a random serial number, the evidence extension not critical (so that TLS clients
// that do not verify evidence can still be told apart by their users, not by a handshake failure).
// SGX and TDX: tagged evidence. SNP and Nitro: CMW (cmw.h).
// Errors: kTooLarge "channel.certificate.size".
Result<Bytes> make_certificate(const SigningKey& key, const Evidence& evidence, BytesView claims,
                               Time not_before, Time not_after);

// The forms that other systems had before these are refused; legacy_certificate.h reads them.
// Errors: kTooLarge "channel.certificate.size"; kMalformed "channel.certificate.der" (not exactly
// one DER X.509 version 3 certificate), "channel.certificate.evidence-layout"; cbor.*; those of
// decode_cmw() (cmw.h); kUntrusted "channel.certificate.key" (not P-256),
// "channel.certificate.signature" (not signed by its own key), "channel.certificate.critical" (a
// critical extension that is not understood), "channel.certificate.no-evidence",
// "channel.certificate.evidence-twice" (more than one, of whatever kind),
// "channel.certificate.evidence-kind" (a form or quote of a TEE that is not read here).
Result<AttestedCertificate> read_certificate(BytesView der);

}  // namespace blindai
