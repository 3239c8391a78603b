// Account tokens: what blindai-cloud says of a caller's key, for 15 minutes.
//
//   blindai-account: <JWT>
//
// A JSON Web Token (RFC 7519) signed with ES256 (RFC 7515, RFC 7518 section 3.4), bound to an
// Ed25519 key by `cnf` (RFC 7800 section 3.2, RFC 8037 section 2): without that key's connection
// proof it is worth nothing. docs/formats/account-token.md has every member. Members that are not
// listed there are refused, also where RFC 7519 would have them ignored: whoever does not
// understand a condition must not seem to have checked it.   Pure: the time is an argument.
#pragma once

#include <optional>
#include <span>

#include "lib/auth/account_limits.h"
#include "lib/auth/connection_proof.h"
#include "lib/auth/token_issuer.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

inline constexpr size_t kMaxAccountToken = 4096;          // bytes
inline constexpr int64_t kMaxTokenLifetimeSeconds = 900;  // from `iat` to `exp`
inline constexpr int64_t kTokenClockLeewaySeconds = 60;   // by which `iat` may be ahead of us

struct AccountClaims {
  std::string issuer;   // "iss": 1 to 255 visible ASCII characters
  std::string account;  // "sub": the same; stays when the handle changes
  std::string handle;   // "handle": before the slash in the account's models; one segment of an id
  Time issued;          // "iat"
  Time expires;         // "exp"
  PublicKey key;        // "cnf"
  AccountLimits limits;
  bool operator==(const AccountClaims&) const = default;
};

// What the issuer sends. `claims` keep to what is said of them above; if not, nothing reads it.
std::string sign_account_token(const AccountClaims& claims, const SigningKey& issuer);

// Unverified.
struct AccountToken {
  std::optional<std::string> key_id;
  AccountClaims claims;
  std::string signed_text;  // header and claims, as they came
  ByteArray<64> signature;  // r then s, big-endian
};

// Errors: kTooLarge "auth.token-size"; kMalformed json.* (in header or claims),
// "auth.token-layout" (not three parts of canonical base64url, a signature of another length),
// "auth.token-header" (a member that is unknown or of another type, another `typ`),
// "auth.token-claims" (one that is absent, unknown, of another type or out of range),
// "auth.token-handle", "auth.token-confirmation" (`cnf` is not exactly one Ed25519 key),
// "auth.token-limits" (unknown, or above LimitField::max); kAnonymous "auth.token-algorithm".
Result<AccountToken> parse_account_token(std::string_view text);

// What an accepted issuer says of the key that is at the other end of the connection.
class VerifiedAccount {
 public:
  const AccountClaims& claims() const { return claims_; }

 private:
  friend Result<VerifiedAccount> verify_account_token(const AccountToken& token,
                                                      std::span<const TokenIssuer> issuers,
                                                      const ProvenKey& key, Time now);
  explicit VerifiedAccount(const AccountClaims& claims) : claims_(claims) {}
  AccountClaims claims_;
};

// The signature first, under the issuer that `kid` names, or any of them where it is absent; then
// the times; then the key. Errors: kAnonymous "auth.token-issuer" (none, or none of that id),
// "auth.token-signature", "auth.token-key" (`cnf` is another key than the connection's); kStale
// "auth.token-lifetime" (over 15 minutes, or ends before it begins), "auth.token-early",
// "auth.token-expired" (`exp` is the first moment at which it does not hold).
// The answer holds until claims().expires; whoever keeps it asks the time again.
Result<VerifiedAccount> verify_account_token(const AccountToken& token,
                                             std::span<const TokenIssuer> issuers,
                                             const ProvenKey& key, Time now);

}  // namespace blindai
