#include "bench/echo_floor.h"

#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test_certificate.h"

namespace blindai {
namespace {

bool read_all(SSL* ssl, std::span<uint8_t> out) {
  size_t have = 0;
  while (have < out.size()) {
    size_t n = 0;
    if (SSL_read_ex(ssl, out.data() + have, out.size() - have, &n) != 1) return false;
    have += n;
  }
  return true;
}

bool write_all(SSL* ssl, BytesView data) {
  size_t n = 0;
  return SSL_write_ex(ssl, data.data(), data.size(), &n) == 1 && n == data.size();
}

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

[[noreturn]] void serve(int listen_fd, size_t request_len, size_t answer_len) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const SigningKey key = SigningKey::generate();
  const Bytes certificate = make_test_certificate(key);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  BLINDAI_CHECK(SSL_CTX_use_certificate_ASN1(context, static_cast<int>(certificate.size()),
                                             certificate.data()) == 1 &&
                SSL_CTX_use_PrivateKey(context, key.native()) == 1);
  const int fd = ::accept(listen_fd, nullptr, nullptr);
  no_delay(fd);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  BLINDAI_CHECK(SSL_accept(ssl) == 1);
  Bytes request(request_len);
  const Bytes answer(answer_len, 1);
  while (read_all(ssl, request) && write_all(ssl, answer)) {
  }
  ::_exit(0);
}

}  // namespace

EchoFloor::EchoFloor(size_t request_len, size_t answer_len)
    : request_(request_len, 2), answer_(answer_len) {
  const int listen_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  BLINDAI_CHECK(::bind(listen_fd, generic, sizeof address) == 0 && ::listen(listen_fd, 1) == 0 &&
                ::getsockname(listen_fd, generic, &length) == 0);
  server_ = ::fork();
  BLINDAI_CHECK(server_ >= 0);
  if (server_ == 0) serve(listen_fd, request_len, answer_len);
  ::close(listen_fd);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  BLINDAI_CHECK(::connect(fd_, generic, sizeof address) == 0);
  no_delay(fd_);
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  BLINDAI_CHECK(SSL_connect(ssl_) == 1);
}

EchoFloor::~EchoFloor() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ::close(fd_);
  ::kill(server_, SIGKILL);
  ::waitpid(server_, nullptr, 0);
}

std::chrono::nanoseconds EchoFloor::round_trip() {
  const auto start = std::chrono::steady_clock::now();
  BLINDAI_CHECK(write_all(ssl_, request_) && read_all(ssl_, answer_));
  return std::chrono::steady_clock::now() - start;
}

}  // namespace blindai
