// Who may vouch for accounts: the P-256 keys in the measured configuration's `token_issuers`. Pure.
#pragma once

#include <string>

#include "lib/base/bytes.h"

namespace blindai {

struct TokenIssuer {
  Bytes spki;          // SubjectPublicKeyInfo, DER
  std::string key_id;  // `kid` in its tokens: base64url of SHA-256(spki)
  bool operator==(const TokenIssuer&) const = default;
};

// Base64 of a P-256 key's SubjectPublicKeyInfo, its point uncompressed. Errors: kMalformed
// "auth.issuer-key".
Result<TokenIssuer> parse_token_issuer(std::string_view base64);
// The same of bytes.
Result<TokenIssuer> token_issuer(BytesView spki);

}  // namespace blindai
