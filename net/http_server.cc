#include "net/http_server.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

#include "net/address.h"
#include "net/http_connection.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

class ReactorHttpServer final : public HttpServer, public HttpConnectionOwner {
 public:
  // `tls` null: without it.
  ReactorHttpServer(Reactor& reactor, int listen_fd, TlsServerContext* tls, HttpService& service,
                    const HttpServerLimits& limits)
      : reactor_(reactor),
        tls_(tls),
        service_(service),
        limits_(limits),
        listen_fd_(listen_fd),
        listen_watch_(reactor.watch(listen_fd)),
        clock_(reactor.timer()),
        patience_(reactor.timer()) {
    wait_for_connections();
    check_times_later();
  }

  ~ReactorHttpServer() override {
    stop_listening();
    // Each close() calls closed(), which must not find a map under iteration.
    auto all = std::move(connections_);
    connections_.clear();
    on_drained_ = nullptr;
    for (auto& [key, connection] : all) connection->close();
  }

  void drain(milliseconds patience, Reactor::Callback done) override {
    draining_ = true;
    on_drained_ = std::move(done);
    stop_listening();
    for (auto& connection : snapshot()) connection->drain();
    patience_->after(patience, [this] {
      for (auto& connection : snapshot()) connection->close();
      finish_drain();
    });
    finish_drain();
  }

  HttpServerCounters& counters() override { return counters_; }
  const HttpServerCounters& counters() const override { return counters_; }

 private:
  void wait_for_connections() {
    listen_watch_->when_readable([this] { accept_all(); });
  }

  void accept_all() {
    while (true) {
      std::shared_ptr<HttpConnection> idle;
      if (connections_.size() >= limits_.num_connections) {
        idle = longest_idle();
        if (idle == nullptr) break;
      }
      const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return wait_for_connections();
        // Out of descriptors or memory: others must close first, and a ready socket would spin.
        accept_retry_ = reactor_.timer();
        accept_retry_->after(milliseconds(100), [this] { wait_for_connections(); });
        return;
      }
      if (idle != nullptr) {
        ++counters_.idle_closed;
        idle->close();
      }
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ++counters_.connections_accepted;
      auto connection = std::make_shared<HttpConnection>(*this, reactor_, fd);
      connections_.emplace(connection.get(), connection);
      counters_.connections_open = connections_.size();
      connection->start();
    }
    full_ = true;  // closed() goes on, or the next look at times
  }

  // Looks at all, which costs whoever fills the server more.
  std::shared_ptr<HttpConnection> longest_idle() const {
    std::shared_ptr<HttpConnection> found;
    for (const auto& [key, connection] : connections_)
      if (connection->is_idle() && (found == nullptr || connection->is_idle_longer_than(*found)))
        found = connection;
    return found;
  }

  void go_on_when_full() {
    if (!full_ || listen_fd_ < 0) return;
    full_ = false;
    wait_for_connections();
  }

  void check_times_later() {
    clock_->after(std::chrono::seconds(1), [this] {
      const auto now = Reactor::Clock::now();
      for (auto& connection : snapshot()) connection->check_time(now);
      go_on_when_full();
      check_times_later();
    });
  }

  // Callbacks may close connections, so loops run over a copy.
  std::vector<std::shared_ptr<HttpConnection>> snapshot() const {
    std::vector<std::shared_ptr<HttpConnection>> out;
    out.reserve(connections_.size());
    for (const auto& [key, connection] : connections_) out.push_back(connection);
    return out;
  }

  void stop_listening() {
    if (listen_fd_ < 0) return;
    listen_watch_.reset();
    accept_retry_.reset();
    ::close(listen_fd_);
    listen_fd_ = -1;
  }

  void finish_drain() {
    if (!draining_ || !connections_.empty() || on_drained_ == nullptr) return;
    patience_->cancel();
    reactor_.post(std::exchange(on_drained_, nullptr));
  }

  void closed(HttpConnection* connection) override {
    connections_.erase(connection);
    counters_.connections_open = connections_.size();
    go_on_when_full();
    finish_drain();
  }
  HttpService& service() override { return service_; }
  TlsServerContext* tls() override { return tls_; }
  const HttpServerLimits& limits() const override { return limits_; }
  bool draining() const override { return draining_; }

  Reactor& reactor_;
  TlsServerContext* tls_;
  HttpService& service_;
  const HttpServerLimits limits_;
  int listen_fd_;
  bool full_ = false;
  bool draining_ = false;
  Reactor::Callback on_drained_;
  HttpServerCounters counters_;
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;
  std::unique_ptr<Reactor::Watch> listen_watch_;
  std::unique_ptr<Reactor::Timer> accept_retry_;
  std::unique_ptr<Reactor::Timer> clock_;
  std::unique_ptr<Reactor::Timer> patience_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::create(Reactor& reactor, int listen_fd,
                                               TlsServerContext& tls, HttpService& service,
                                               const HttpServerLimits& limits) {
  return std::make_unique<ReactorHttpServer>(reactor, listen_fd, &tls, service, limits);
}

std::unique_ptr<HttpServer> HttpServer::create_plain(Reactor& reactor, int listen_fd,
                                                     HttpService& service,
                                                     const HttpServerLimits& limits) {
  return std::make_unique<ReactorHttpServer>(reactor, listen_fd, nullptr, service, limits);
}

Result<int> listen_on(const std::string& address) {
  ASSIGN_OR_RETURN(const HostPort where, parse_host_port(address));
  ASSIGN_OR_RETURN(const AddressList list, resolve(where, /*passive=*/true));
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    const int fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, a->ai_addr, a->ai_addrlen) == 0 && ::listen(fd, 1024) == 0) return fd;
    ::close(fd);
  }
  return fail(Code::kUnavailable, {"net.listen",
                                   "Could not listen there: the port may be in use, or the "
                                   "address may not be this machine's."});
}

uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  if (storage.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
}

}  // namespace blindai
