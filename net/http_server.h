// An HTTP/1.1 server on one Reactor: over TLS 1.3, or without it for what is nobody's secret.
//
// A service answers requests; bodies arrive in memory that the service names, so that a tensor is
// decrypted straight to where the model will read it:
//
//   class Echo : public HttpService {
//     std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) override;
//   };
//
// Reading stops while a service has no room for more (backpressure), so a slow reader or writer
// holds no more than its own buffers, and those not for long. Limits and their reasons are in
// HttpServerLimits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/http_message.h"
#include "net/reactor.h"
#include "net/tls.h"

namespace blindai {

struct HttpServerLimits {
  HttpLimits head;
  // Open connections. Beyond it, the one that has been idle longest is closed for each new one;
  // where none is idle, new ones wait in the kernel's queue.
  size_t num_connections = 10'000;
  // From accept to the end of the handshake and from the first byte of a head to its end: long
  // enough for a slow link, short enough that half-open connections do not pile up.
  std::chrono::seconds head_time{15};
  // Between two pieces of a body in either direction.
  std::chrono::seconds stall_time{30};
  // Bytes a second, on average over each stall_time, that a body has to come and an answer to be
  // taken, so that a trickle does not hold what it fills for ever. Waiting for the service is not
  // counted.
  uint64_t min_rate = 16 * 1024;
  // Between two requests on one connection.
  std::chrono::seconds idle_time{300};
  // After an early answer, at most this much of the unread body is read and dropped so that the
  // peer gets to see the answer; more than that closes the connection.
  uint64_t drain_bytes = 4 * 1024 * 1024;
};

struct HttpResponse {
  unsigned status = 200;
  HttpFields fields;
  std::string body;
  // Sent after `body`, without being copied; kept alive by tail_owner until sent.
  std::vector<BytesView> tail;
  std::shared_ptr<const void> tail_owner;
  bool close = false;
};

class HttpConnection;

// What a service leaves with a connection for its next requests; gone with the connection.
class HttpNote {
 public:
  virtual ~HttpNote() = default;
};

// The right to answer one request, once. Copies share it. Safe to hold and call after the
// connection is gone: nothing happens then. Used on the reactor's thread only.
class HttpReply {
 public:
  explicit HttpReply(std::weak_ptr<HttpConnection> connection, uint64_t sequence)
      : connection_(std::move(connection)), sequence_(sequence) {}
  void send(HttpResponse response) const;
  // body_space() has room again after it returned an empty span.
  void resume_body() const;
  // The TLS exporter of this connection (32 bytes).
  // Errors: kUnavailable "tls.closed" when the connection is gone or has no TLS.
  Result<ByteArray<32>> export_key(std::string_view label) const;
  // What leave_note() left with this connection last; null before that.
  std::shared_ptr<HttpNote> note() const;
  void leave_note(std::shared_ptr<HttpNote> note) const;
  // Says of what kind the request is, for HttpService::ended(). 0 until then.
  void set_kind(uint8_t kind) const;

 private:
  std::weak_ptr<HttpConnection> connection_;
  uint64_t sequence_;
};

// One request while it is being received and answered. Dropped by the connection when the answer is
// sent or the client has left: work that nobody waits for can be cancelled in the destructor.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // Room for the next bytes of the body, which the connection fills and reports. An empty span
  // stops reading until HttpReply::resume_body().
  virtual std::span<uint8_t> body_space() = 0;
  virtual void body_filled(size_t n) = 0;
  // The body is complete. Not called when an answer was sent before.
  virtual void body_done() = 0;
};

// What became of one request.
struct HttpEnded {
  uint8_t kind = 0;                 // HttpReply::set_kind()
  unsigned status = 0;              // 0: its client left before there was an answer
  Reactor::Clock::duration time{};  // from the end of its head until it was answered
};

class HttpService {
 public:
  virtual ~HttpService() = default;
  // Called when a head is complete. May answer at once; may return null when it has answered.
  virtual std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) = 0;
  // The answer to a request that the HTTP layer itself refuses.
  virtual HttpResponse refuse(const Error& error) = 0;
  // Called once for every request, serve()d or refused; for counting.
  virtual void ended(const HttpEnded& /*request*/) {}
};

struct HttpServerCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_open = 0;
  uint64_t handshakes_failed = 0;
  uint64_t requests = 0;
  uint64_t timeouts = 0;
  uint64_t idle_closed = 0;  // to make room for others
};

class HttpServer {
 public:
  // Takes over `listen_fd`, a listening socket. References outlive the server.
  static std::unique_ptr<HttpServer> create(Reactor& reactor, int listen_fd, TlsServerContext& tls,
                                            HttpService& service, const HttpServerLimits& limits);
  // The same without TLS: whoever is on the way reads and changes everything. For the operator's
  // own listener (enclave/serve/operator_service.h); nothing of a user's goes through one.
  static std::unique_ptr<HttpServer> create_plain(Reactor& reactor, int listen_fd,
                                                  HttpService& service,
                                                  const HttpServerLimits& limits);
  virtual ~HttpServer() = default;
  // Stops accepting, closes idle connections, lets running requests finish and then calls back.
  // Those still running after `patience` are cut off.
  virtual void drain(std::chrono::milliseconds patience, Reactor::Callback done) = 0;
  virtual const HttpServerCounters& counters() const = 0;
};

// A non-blocking listening TCP socket on "host:port" ("127.0.0.1:9924", "[::1]:0",
// "localhost:9924"). Errors: kInvalid "net.address", kUnavailable "net.listen".
Result<int> listen_on(const std::string& address);
// The port a listening socket got.
uint16_t port_of(int fd);

}  // namespace blindai
