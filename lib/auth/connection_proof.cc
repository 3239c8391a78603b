#include "lib/auth/connection_proof.h"

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr std::string_view kProofLabel = "blindai-auth-v1";
constexpr std::string_view kScheme = "BlindAI-Key ";
constexpr size_t kSignatureTextLen = 86;  // base64url of 64 bytes, without padding

Bytes proof_bytes(const AuthExporter& exporter) {
  Bytes out = to_bytes(as_bytes(kProofLabel));
  put_u8(out, 0);
  append(out, exporter);
  return out;
}

std::unexpected<Error> bad_proof() {
  return fail(Code::kMalformed,
              {"auth.proof-layout",
               "After BlindAI-Key come a public key, a full stop and a signature in base64url; the "
               "client libraries and \"blindai --key FILE\" make it."});
}

}  // namespace

std::string make_connection_proof(const ApiKey& key, const AuthExporter& exporter) {
  return std::string(kScheme) + to_text(key.public_key()) + "." +
         to_base64url(key.sign(proof_bytes(exporter)));
}

Result<ConnectionProof> parse_connection_proof(std::string_view authorization) {
  if (!authorization.starts_with(kScheme))
    return fail(Code::kAnonymous,
                {"auth.scheme",
                 "The only scheme in Authorization here is BlindAI-Key; the client libraries and "
                 "\"blindai --key FILE\" make it."});
  const std::string_view value = authorization.substr(kScheme.size());
  const size_t dot = value.find('.');
  if (dot == std::string_view::npos || value.size() - dot - 1 != kSignatureTextLen)
    return bad_proof();
  ConnectionProof out;
  ASSIGN_OR_RETURN(out.key, parse_public_key(value.substr(0, dot)));
  const auto raw = from_base64url(value.substr(dot + 1));
  if (!raw.has_value()) return bad_proof();
  ByteReader r(*raw);
  if (!r.array(out.signature) || !r.done()) return bad_proof();
  return out;
}

Result<ProvenKey> verify_connection_proof(const ConnectionProof& proof,
                                          const AuthExporter& exporter) {
  if (!verify_ed25519(proof.key.bytes, proof_bytes(exporter), proof.signature))
    return fail(Code::kAnonymous,
                {"auth.proof",
                 "The signature in Authorization is not this key's over this connection; sign the "
                 "exporter of the connection that the request goes out on."});
  return ProvenKey(proof.key);
}

}  // namespace blindai
