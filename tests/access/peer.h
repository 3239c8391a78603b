// Callers of a server who say who they are.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/auth/account_token.h"
#include "lib/base/json.h"
#include "net/http_client.h"

namespace blindai {

struct Reply {
  unsigned status = 0;
  std::string code;      // of an error; else empty
  std::string sentence;  // the same
  std::string body;
  HttpFields fields;

  std::optional<std::string_view> field(std::string_view name) const;
};

// `body` of an error: {"error","code"}.
Reply reply_of(const HttpClientResponse& response);

// One TLS connection.
class Peer {
 public:
  // What a request says of its caller, given the connection's exporter.
  using Proof = std::function<HttpFields(const AuthExporter&)>;
  Peer(const std::string& address, Proof proof);
  Reply ask(const std::string& method, const std::string& target, BytesView body = {},
            HttpFields fields = {});
  // The server has taken the request's head before `meanwhile` is called, and its body after it.
  Reply ask_slowly(const std::string& method, const std::string& target, const std::string& body,
                   const std::function<void()>& meanwhile);
  Reply ask(const std::string& method, const std::string& target, const std::string& body,
            HttpFields fields = {}) {
    return ask(method, target, as_bytes(body), std::move(fields));
  }

 private:
  void connect();

  const std::string address_;
  const Proof proof_;
  std::unique_ptr<TlsClientContext> tls_;
  std::unique_ptr<HttpClient> http_;
  HttpFields credentials_;
};

Peer::Proof no_proof();
Peer::Proof proof_of(const ApiKey& key);
Peer::Proof proof_of(const ApiKey& key, std::string token);

// The key whose seed is 32 times this byte.
ApiKey key_of(uint8_t seed);

// A token for that key from now on: of the account "acct-SEED", whose handle is "hSEED".
std::string token_of(uint8_t seed, const AccountLimits& limits, const SigningKey& issuer, Time now);

}  // namespace blindai
