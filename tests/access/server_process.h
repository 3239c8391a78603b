// A blindai-server of this build, as a process with a store and a configuration of its own, and
// callers who say who they are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/auth/account_token.h"
#include "lib/base/json.h"
#include "net/http_client.h"

namespace blindai {

class ServerProcess {
 public:
  ServerProcess();
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts over the same store with this configuration; false when the server ended instead.
  bool start(const std::string& config, const std::vector<std::string>& options = {});
  // SIGTERM; the exit status.
  int stop();
  const std::string& address() const { return address_; }
  // A folder that lives as long as this, for files of the test.
  const std::string& folder() const { return folder_; }
  // What the server has written so far: its log, and why it ended.
  std::string log() const;

 private:
  std::string folder_;
  std::string address_;
  pid_t pid_ = -1;
};

struct Reply {
  unsigned status = 0;
  std::string code;      // of an error; else empty
  std::string sentence;  // the same
  std::string body;
  HttpFields fields;

  std::optional<std::string_view> field(std::string_view name) const;
};

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
  static Reply read(const HttpClientResponse& response);

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

}  // namespace blindai
