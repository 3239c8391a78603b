// Property: what a token says survives being signed again; nothing that the known issuer did not
// sign is verified, and what is verified is within its time and for the connection's key.
#include "lib/auth/account_token.h"

#include <cstdlib>

namespace {

using namespace blindai;  // NOLINT: short names in a file of its own

SigningKey issuer() {
  ByteArray<32> scalar{};
  scalar.back() = 7;
  return SigningKey::from_scalar(scalar).value();
}

ProvenKey caller() {
  const ApiKey key = ApiKey::from_seed(SecretKey(
      array_from_hex<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
          .value()));
  const AuthExporter exporter{};
  return verify_connection_proof(
             parse_connection_proof(make_connection_proof(key, exporter)).value(), exporter)
      .value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const SigningKey key = issuer();
  static const TokenIssuer listed = token_issuer(key.spki()).value();
  static const ProvenKey proven = caller();
  const auto token = parse_account_token(as_text({data, size}));
  if (!token.has_value()) return 0;
  const auto again = parse_account_token(sign_account_token(token->claims, key));
  if (!again.has_value() || again->claims != token->claims) std::abort();
  const Time now = token->claims.issued;
  const auto account = verify_account_token(*token, std::span(&listed, 1), proven, now);
  if (account.has_value() &&
      (!verify_p256_spki(listed.spki, as_bytes(token->signed_text), token->signature) ||
       account->claims().key != proven.key() || account->claims().expires <= now ||
       account->claims().expires > now + kMaxTokenLifetimeSeconds))
    std::abort();
  return 0;
}
