// Certificates of other systems, from before the common forms: read so that their servers can be
// looked at and moved on. They are never made here, and no client of ours accepts one for a server
// of ours: their evidence vouches for a TLS key and for nothing else, neither for a configuration
// nor for a receipt key, and it cannot be bound to a nonce or a connection.
//
//   ASSIGN_OR_RETURN(const LegacyCertificate c, read_legacy_certificate(der));
//   Verification v = verify(c.evidence, c.bound, collateral, policy, roots, now);
//   if (!v.ok()) ...
//   LegacyBinding b = bind_legacy(*v.evidence(), c, tls_spki);
//   if (!b.ok()) ...
//
// `bound` takes the place of the claims: the bytes whose hash these systems put into report_data.
// When that is the key's SubjectPublicKeyInfo it cannot be mistaken for claims of ours (DER begins
// with 30, a CBOR map with a), nor they for it. Sources: CCC Attestation SIG "Interoperable
// RA-TLS", on the forms in use before it, and the certificates of its interoperability tests;
// Evervault's attestation documents.   Pure.
#pragma once

#include <vector>

#include "lib/attest/verify.h"

namespace blindai {

enum class LegacyForm : uint8_t {
  // Gramine: quote in the extension 0.6.9.42.840.113741.1337.6, which is 1.2.840.113741.1337.6 with
  // tag and length encoded into it. Bound is the SubjectPublicKeyInfo.
  kGramine,
  // Intel SGX SDK and Open Enclave: quote in the extension 1.2.840.113741.1.13.1. Since version
  // 2.22 the SDK writes the common form beside it, with the same quote; bound are that one's
  // claims, which have the hash of the SubjectPublicKeyInfo. Without it, as with Gramine.
  kSgxSdk,
  // Evervault: Nitro document as hexadecimal digits in front of a host name, in a dNSName of
  // subjectAltName. Its user_data is the SubjectPublicKeyInfo itself and no hash, so verify() never
  // finds such evidence in order; check_document_key() says what it is about.
  kNitroName,
};
std::string_view name_of(LegacyForm form);  // "gramine", "sgx-sdk", "nitro-name"

// Unverified: what a certificate says.
struct LegacyCertificate {
  LegacyForm form;
  Bytes spki;  // of the certificate's key, DER
  Evidence evidence;
  Bytes bound;  // the bytes whose hash the evidence has to carry
};

// A common form beside a legacy one is read only for what kSgxSdk says above (Gramine writes one
// with a quote of its own); more than one legacy form is refused. Keys: P-256 or P-384, which
// signed its own certificate; of kNitroName any, because there a CA signed. Errors: those of
// read_certificate(), and kUntrusted "channel.legacy.no-evidence", "channel.legacy.evidence-twice";
// kMalformed "channel.legacy.name" (a name that does not decode, or a document over the limit).
Result<LegacyCertificate> read_legacy_certificate(BytesView der);

// Every check by name, passed or failed:
//   legacy.bound    the evidence's report_data is SHA-256 of `bound`, then zeros
//   legacy.key      `bound` is the certificate's key or has its hash
//   legacy.tls-key  that is the key of this TLS connection
struct LegacyBinding {
  std::vector<Check> checks;

  // True when every check passed.
  bool ok() const;
  const Check* find(std::string_view name) const;
};
// `tls_spki`: of the key with which the peer completed this TLS handshake, from the TLS library.
LegacyBinding bind_legacy(const VerifiedEvidence& evidence, const LegacyCertificate& certificate,
                          BytesView tls_spki);

// "legacy.document-key": whether the document, verified or not, has this key in user_data.
Check check_document_key(BytesView nitro_document, BytesView spki);

}  // namespace blindai
