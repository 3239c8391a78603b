// What a caller's requests carry to say who it is. Internal to client/cpp. Thread-compatible.
#pragma once

#include "client/cpp/connection.h"
#include "lib/auth/account_token.h"
#include "net/http_message.h"

namespace blindai {

class Credentials {
 public:
  // `key` null: anonymous. `token` empty: none.
  Credentials(std::shared_ptr<const ApiKey> key, AccountTokenSource token);

  // Before anything is sent. Errors: kInvalid "client.token-without-key"; kInvalid "auth.token-key"
  // for a token of another key; those of parse_account_token() and of the source.
  Outcome<void> check();
  // The connection that requests go out on from now on: verified, and this is its exporter.
  void bind(const AuthExporter& exporter);
  // Adds `authorization` and `blindai-account`. Asks the source again when the token is about to
  // expire by this machine's clock. Errors: as check().
  Outcome<void> add_to(HttpFields& fields);

 private:
  Outcome<void> refresh();

  const std::shared_ptr<const ApiKey> key_;
  const AccountTokenSource source_;
  std::string proof_;  // of the bound connection
  std::string token_;
  Time token_expires_;
};

}  // namespace blindai
