// How a caller says who it is: a signature that holds on one TLS connection and on no other.
//
//   Authorization: BlindAI-Key baipk_….<base64url of the signature>
//
// The signature is Ed25519 over "blindai-auth-v1", a zero byte and 32 bytes of the connection's
// exporter (RFC 8446 section 7.5, label kAuthExporterLabel, no context). Both ends compute the
// exporter themselves; it is never sent. So whoever sees a proof, a relay that ends TLS included,
// holds nothing that another connection accepts.   Pure.
#pragma once

#include "lib/auth/api_key.h"

namespace blindai {

inline constexpr std::string_view kAuthExporterLabel = "EXPORTER-blindai-auth";
inline constexpr size_t kAuthExporterLen = 32;
using AuthExporter = ByteArray<kAuthExporterLen>;

// The value of the request header `Authorization`.
std::string make_connection_proof(const ApiKey& key, const AuthExporter& exporter);

// Unverified: what a caller claims.
struct ConnectionProof {
  PublicKey key;
  ByteArray<kEd25519SignatureLen> signature;
  bool operator==(const ConnectionProof&) const = default;
};

// Exactly what make_connection_proof() makes; the scheme's letters too, though RFC 9110
// section 11.1 would let them vary. Errors: kAnonymous "auth.scheme" (another scheme); kMalformed
// "auth.proof-layout", and those of parse_public_key().
Result<ConnectionProof> parse_connection_proof(std::string_view authorization);

// A key whose holder is at the other end of the connection.
class ProvenKey {
 public:
  const PublicKey& key() const { return key_; }

 private:
  friend Result<ProvenKey> verify_connection_proof(const ConnectionProof& proof,
                                                   const AuthExporter& exporter);
  explicit ProvenKey(const PublicKey& key) : key_(key) {}
  PublicKey key_;
};

// `exporter` is this side's own, of the connection that the proof came on. Errors: kAnonymous
// "auth.proof".
Result<ProvenKey> verify_connection_proof(const ConnectionProof& proof,
                                          const AuthExporter& exporter);

}  // namespace blindai
