#include "lib/auth/account_token.h"

#include <algorithm>

#include "lib/base/byte_reader.h"
#include "lib/base/json.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

constexpr size_t kMaxClaimLen = 255;
// The claims nest three deep (cnf.jwk) and have at most 20 values; a few more, so that an unknown
// member is named as such.
constexpr JsonLimits kTokenJsonLimits{
    .max_bytes = kMaxAccountToken, .max_depth = 4, .max_values = 64};

std::unexpected<Error> malformed_token(Id id) {
  return fail(Code::kMalformed, id);
}
std::unexpected<Error> bad_token() {
  return malformed_token(
      {"auth.token-layout",
       "An account token is three parts of base64url with full stops between them; "
       "fetch a new one."});
}
std::unexpected<Error> bad_token_header() {
  return malformed_token(
      {"auth.token-header",
       "An account token's header has alg ES256, typ JWT, perhaps kid, and nothing "
       "else."});
}
std::unexpected<Error> bad_token_claims() {
  return malformed_token({"auth.token-claims",
                          "A claim of the account token is absent, unknown or not of its form; "
                          "docs/formats/account-token.md lists them."});
}

Result<JsonDocument> token_json(std::string_view text) {
  Result<JsonDocument> out = JsonDocument::parse(text, kTokenJsonLimits);
  if (!out.has_value()) return fail(Code::kMalformed, out.error().id);
  return out;
}

struct Parts {
  std::string header;
  std::string claims;
  Bytes signature;
  size_t signed_len;
};

Result<Parts> split(std::string_view text) {
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return bad_token();
  const auto header = from_base64url(text.substr(0, first));
  const auto claims = from_base64url(text.substr(first + 1, second - first - 1));
  auto signature = from_base64url(text.substr(second + 1));
  if (!header.has_value() || !claims.has_value() || !signature.has_value()) return bad_token();
  return Parts{std::string(as_text(*header)), std::string(as_text(*claims)), *std::move(signature),
               second};
}

Status read_header(std::string_view json, std::optional<std::string>& key_id) {
  ASSIGN_OR_RETURN(const JsonDocument document, token_json(json));
  const JsonValue root = document.root();
  if (!root.is_object()) return bad_token_header();
  if (root["alg"].plain_string() != "ES256")
    return fail(Code::kAnonymous,
                {"auth.token-algorithm", "Account tokens are signed with ES256 and nothing else."});
  const JsonValue kid = root["kid"];
  if (root["typ"].plain_string() != "JWT" || root.size() != 2 + size_t{kid.exists()})
    return bad_token_header();
  if (!kid.exists()) return {};
  const auto text = kid.plain_string();
  if (!text.has_value() || text->size() > kMaxClaimLen) return bad_token_header();
  key_id.emplace(*text);
  return {};
}

bool read_text(const JsonValue& value, std::string& out) {
  const auto text = value.plain_string();
  if (!text.has_value() || text->empty() || text->size() > kMaxClaimLen ||
      !std::ranges::all_of(*text, [](char c) { return c > ' ' && c <= '~'; }))
    return false;
  out.assign(*text);
  return true;
}

// Whole seconds, of years that people live in; negative ones are no time of a token.
bool read_time(const JsonValue& value, Time& out) {
  constexpr uint64_t kYear10000 = 253402300800;
  const auto seconds = value.u64();
  if (!seconds.has_value() || *seconds >= kYear10000) return false;
  out.seconds = static_cast<int64_t>(*seconds);
  return true;
}

bool read_handle(const JsonValue& value, std::string& out) {
  const auto text = value.plain_string();
  if (!text.has_value() || text->contains('/') || !check_model_id(*text).has_value()) return false;
  out.assign(*text);
  return true;
}

bool read_confirmation(const JsonValue& cnf, PublicKey& out) {
  const JsonValue jwk = cnf["jwk"];
  const auto x = jwk["x"].plain_string();
  if (cnf.size() != 1 || jwk.size() != 3 || jwk["kty"].plain_string() != "OKP" ||
      jwk["crv"].plain_string() != "Ed25519" || !x.has_value())
    return false;
  const auto raw = from_base64url(*x);
  if (!raw.has_value()) return false;
  ByteReader r(*raw);
  return r.array(out.bytes) && r.done() && is_ed25519_key(out.bytes);
}

bool read_limits(const JsonValue& object, AccountLimits& out) {
  if (!object.is_object()) return false;
  size_t known = 0;
  for (const LimitField& field : limit_fields()) {
    const JsonValue value = object[field.name];
    if (!value.exists()) continue;
    const auto number = value.u64();
    if (!number.has_value() || *number > field.max) return false;
    out.*field.value = *number;
    ++known;
  }
  return object.size() == known;
}

Status read_claims(std::string_view json, AccountClaims& out) {
  ASSIGN_OR_RETURN(const JsonDocument document, token_json(json));
  const JsonValue root = document.root();
  const JsonValue limits = root["limits"];
  if (!read_text(root["iss"], out.issuer) || !read_text(root["sub"], out.account) ||
      !read_time(root["iat"], out.issued) || !read_time(root["exp"], out.expires) ||
      !root["handle"].exists() || !root["cnf"].exists() ||
      root.size() != 6 + size_t{limits.exists()})
    return bad_token_claims();
  if (!read_handle(root["handle"], out.handle))
    return malformed_token(
        {"auth.token-handle",
         "The handle in the account token is not 1 to 63 letters, digits, '.', '_' or "
         "'-', beginning with a letter or digit."});
  if (!read_confirmation(root["cnf"], out.key))
    return malformed_token(
        {"auth.token-confirmation",
         "The account token's cnf is not one Ed25519 key; ask for a token for the key "
         "that \"blindai keys show\" prints."});
  if (limits.exists() && !read_limits(limits, out.limits))
    return malformed_token(
        {"auth.token-limits",
         "A limit in the account token is unknown or out of range; a newer server may "
         "know it."});
  return {};
}

// Every issuer that the token may be of.
bool may_be_of(const AccountToken& token, const TokenIssuer& issuer) {
  return !token.key_id.has_value() || *token.key_id == issuer.key_id;
}

}  // namespace

std::string sign_account_token(const AccountClaims& claims, const SigningKey& issuer) {
  const std::string key_id = to_base64url(sha256(issuer.spki()));
  const std::string header = R"({"alg":"ES256","typ":"JWT","kid":)" + json_quote(key_id) + "}";
  std::string limits;
  for (const LimitField& field : limit_fields()) {
    const std::optional<uint64_t> value = claims.limits.*field.value;
    if (!value.has_value()) continue;
    limits += (limits.empty() ? "" : ",") + json_quote(field.name) + ":" + std::to_string(*value);
  }
  const std::string body = "{\"iss\":" + json_quote(claims.issuer) +
                           ",\"sub\":" + json_quote(claims.account) +
                           ",\"handle\":" + json_quote(claims.handle) +
                           ",\"iat\":" + std::to_string(claims.issued.seconds) +
                           ",\"exp\":" + std::to_string(claims.expires.seconds) +
                           R"(,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":")" +
                           to_base64url(claims.key.bytes) + "\"}},\"limits\":{" + limits + "}}";
  std::string out = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(body));
  const ByteArray<64> signature = issuer.sign_raw(as_bytes(out));
  return out + "." + to_base64url(signature);
}

Result<AccountToken> parse_account_token(std::string_view text) {
  if (text.size() > kMaxAccountToken)
    return fail(Code::kTooLarge,
                {"auth.token-size", "An account token has at most 4096 characters."});
  ASSIGN_OR_RETURN(const Parts parts, split(text));
  AccountToken out;
  RETURN_IF_ERROR(read_header(parts.header, out.key_id));
  RETURN_IF_ERROR(read_claims(parts.claims, out.claims));
  ByteReader r(parts.signature);
  if (!r.array(out.signature) || !r.done()) return bad_token();
  out.signed_text = text.substr(0, parts.signed_len);
  return out;
}

Result<VerifiedAccount> verify_account_token(const AccountToken& token,
                                             std::span<const TokenIssuer> issuers,
                                             const ProvenKey& key, Time now) {
  if (std::ranges::none_of(issuers, [&](const auto& i) { return may_be_of(token, i); }))
    return fail(Code::kAnonymous,
                {"auth.token-issuer",
                 "This server's measured configuration does not list the issuer of this account "
                 "token; ask its operator which accounts it serves."});
  if (std::ranges::none_of(issuers, [&](const auto& i) {
        return may_be_of(token, i) &&
               verify_p256_spki(i.spki, as_bytes(token.signed_text), token.signature);
      }))
    return fail(Code::kAnonymous,
                {"auth.token-signature",
                 "No issuer that this server accepts has signed this account token; fetch a new "
                 "one."});
  const AccountClaims& claims = token.claims;
  if (claims.expires <= claims.issued || claims.expires > claims.issued + kMaxTokenLifetimeSeconds)
    return fail(Code::kStale,
                {"auth.token-lifetime", "An account token holds for at most 15 minutes."});
  if (claims.issued > now + kTokenClockLeewaySeconds)
    return fail(Code::kStale,
                {"auth.token-early",
                 "The account token begins in the future; set the issuer's clock, or the server's, "
                 "and fetch a new one."});
  if (claims.expires <= now)
    return fail(Code::kStale,
                {"auth.token-expired", "The account token has expired; fetch a new one."});
  if (claims.key != key.key())
    return fail(Code::kAnonymous,
                {"auth.token-key",
                 "The account token is for another API key than the one that signed this "
                 "connection; fetch one for this key."});
  return VerifiedAccount(claims);
}

}  // namespace blindai
