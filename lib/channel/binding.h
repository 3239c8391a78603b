// Whether verified evidence speaks for this connection: the last step before a user's bytes leave.
//
//   Verification v = verify(evidence, claims, collateral, policy, roots, now);
//   if (!v.ok()) ...
//   Binding b = bind_fresh(*v.evidence(), claims, here, freshness, policy.configurations);
//   if (!b.ok()) ...
//
// Two occasions. The evidence in the certificate is bound to the TLS key (bind_certificate): it may
// be old, and whoever holds a copy can show it, but only the holder of the key completes a
// handshake. The evidence of POST /v1/attestation is bound to a nonce and to this connection as
// well (bind_fresh): a relay, which ends TLS itself, and a stolen key fail there. A client needs
// both.
//
// Everything in ChannelFacts must come from this side of the connection: the key from the TLS
// library after the handshake, never from the message.   Pure.
#pragma once

#include <optional>
#include <string_view>

#include "lib/attest/verify.h"
#include "lib/channel/claims.h"

namespace blindai {

// RFC 8446 section 7.5 (RFC 5705): 32 bytes under this label, with an empty context.
inline constexpr std::string_view kExporterLabel = "EXPORTER-blindai-attest";
inline constexpr size_t kExporterLen = 32;
inline constexpr size_t kNonceLen = 32;

// Borrowed for the call.
struct ChannelFacts {
  BytesView tls_spki;          // of the key with which the peer completed this TLS handshake, DER
  BytesView config;            // the text of the measured configuration, as the server sent it
  BytesView receipt_key_spki;  // as the server sent it, DER
};

struct Freshness {
  ByteArray<kNonceLen> nonce;        // made by this client for this one question
  ByteArray<kExporterLen> exporter;  // of this TLS connection
};

// Every check by name, passed, failed or not reached:
//   channel.claims            the claims are those the evidence vouches for, and can be read
//   channel.key               they name the key of this TLS connection
//   channel.config            they name the configuration that was sent
//   channel.config-accepted   the policy accepts that configuration
//   channel.receipt-key       they name the receipt key that was sent
//   channel.nonce             (fresh only) they name this client's nonce
//   channel.exporter          (fresh only) they name this connection
struct Binding {
  std::vector<Check> checks;
  std::optional<Claims> claims;  // once "channel.claims" passed

  // True when every check passed.
  bool ok() const;
  // Null when ok().
  const Check* first_failure() const;
  const Check* find(std::string_view name) const;
  // The first failure for a person: what was expected and found, and what to do. Requires !ok().
  Problem problem() const;
};

Binding bind_certificate(const VerifiedEvidence& evidence, BytesView claims,
                         const ChannelFacts& here, const Accepted<Sha256Digest>& configurations);

Binding bind_fresh(const VerifiedEvidence& evidence, BytesView claims, const ChannelFacts& here,
                   const Freshness& fresh, const Accepted<Sha256Digest>& configurations);

}  // namespace blindai
