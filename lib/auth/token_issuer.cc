#include "lib/auth/token_issuer.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

std::unexpected<Error> not_a_key() {
  return fail(Code::kMalformed,
              {"auth.issuer-key",
               "A token issuer is the base64 of a P-256 public key, SubjectPublicKeyInfo in DER "
               "with an uncompressed point."});
}

}  // namespace

Result<TokenIssuer> parse_token_issuer(std::string_view base64) {
  const auto spki = from_base64(base64);
  if (!spki.has_value()) return not_a_key();
  return token_issuer(*spki);
}

Result<TokenIssuer> token_issuer(BytesView spki) {
  if (!is_p256_spki(spki)) return not_a_key();
  return TokenIssuer{to_bytes(spki), to_base64url(sha256(spki))};
}

}  // namespace blindai
