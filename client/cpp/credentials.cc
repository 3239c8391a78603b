#include "client/cpp/credentials.h"

namespace blindai {
namespace {

// A request may wait and travel for a while before the server looks at its token.
constexpr int64_t kRefreshAheadSeconds = 60;

}  // namespace

Credentials::Credentials(std::shared_ptr<const ApiKey> key, AccountTokenSource token)
    : key_(std::move(key)), source_(std::move(token)) {}

Outcome<void> Credentials::check() {
  if (!source_) return {};
  if (key_ == nullptr)
    return problem(Code::kInvalid, "client.token-without-key",
                   "An account token holds only with the API key that it was issued for; give the "
                   "key as well.");
  return refresh();
}

// Whether the token holds is the server's to say, by its own clock; a wrong one of this machine
// must not stand in the way.
Outcome<void> Credentials::refresh() {
  ASSIGN_OR_RETURN(std::string text, source_());
  ASSIGN_OR_RETURN(const AccountToken token, parse_account_token(text));
  if (token.claims.key != key_->public_key())
    return problem(Code::kInvalid, "auth.token-key",
                   "The account token is for another API key; fetch one for the key that is used "
                   "here.");
  token_ = std::move(text);
  token_expires_ = token.claims.expires;
  return {};
}

void Credentials::bind(const AuthExporter& exporter) {
  if (key_ != nullptr) proof_ = make_connection_proof(*key_, exporter);
}

Outcome<void> Credentials::add_to(HttpFields& fields) {
  if (key_ == nullptr) return {};
  BLINDAI_CHECK(!proof_.empty());
  fields.emplace_back("authorization", proof_);
  if (!source_) return {};
  if (now_of_system() + kRefreshAheadSeconds >= token_expires_) RETURN_IF_ERROR(refresh());
  fields.emplace_back("blindai-account", token_);
  return {};
}

}  // namespace blindai
