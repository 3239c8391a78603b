// For tests: an HTTP server on a thread of its own that answers as told, with every way a service
// or the wire to it can misbehave.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/crypto/crypto.h"
#include "net/http_message.h"
#include "net/tls.h"

namespace blindai {

struct ReplayReply {
  unsigned status = 200;
  HttpFields fields = {};  // Content-Length is added
  Bytes body = {};
  // Of the whole answer, before the connection is closed. 0: closed without a byte.
  size_t send_at_most = SIZE_MAX;
  std::chrono::milliseconds before_first{0};
  std::chrono::milliseconds between_bytes{0};  // not 0: one byte at a time
  std::string raw = {};                        // not empty: sent in place of all that
};

// A certificate for `key` under a root of its own, for the test's client to know or not.
struct TestWebIdentity {
  SigningKey key;
  Bytes certificate;  // DER
  std::string root_pem;
};
// `san`: the value of the subjectAltName extension, in DER.
TestWebIdentity make_web_identity(BytesView san);
// GeneralNames with one iPAddress 127.0.0.1, and with one dNSName.
Bytes san_of_loopback();
Bytes san_of_name(std::string_view name);

class ReplayServer {
 public:
  using Answer = std::function<ReplayReply(const std::string& target)>;

  // Listens on 127.0.0.1 at a port of the system's choice. `answer` is called on the server's
  // thread. With `identity` over TLS 1.3.
  explicit ReplayServer(Answer answer, const TestWebIdentity* identity = nullptr);
  ~ReplayServer();
  ReplayServer(const ReplayServer&) = delete;
  ReplayServer& operator=(const ReplayServer&) = delete;

  // "http://127.0.0.1:12345"
  std::string url() const;
  // Targets, in the order they were asked for.
  std::vector<std::string> asked() const;
  size_t num_asked() const { return asked().size(); }

 private:
  void serve();
  void serve_connection(int fd);
  bool exchange(Stream& stream, Bytes& in);

  Answer answer_;
  std::unique_ptr<TlsServerContext> tls_;
  int listen_fd_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace blindai
