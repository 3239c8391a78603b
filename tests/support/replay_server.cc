#include "tests/support/replay_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/der_writer.h"
#include "lib/crypto/x509_writer.h"
#include "net/http_server.h"
#include "net/plain_socket.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{20};  // for the end of the test

std::string pem_of(BytesView der) {
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  const std::string text = to_base64(der);
  for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}

bool wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, static_cast<int>(kLookEvery.count())) > 0;
}

Bytes wire_of(const ReplayReply& reply) {
  if (!reply.raw.empty()) return to_bytes(as_bytes(reply.raw));
  Bytes out = to_bytes(
      as_bytes(format_response_head(reply.status, reply.fields, reply.body.size(), false)));
  append(out, reply.body);
  return out;
}

}  // namespace

TestWebIdentity make_web_identity(BytesView san) {
  const SigningKey root_key = SigningKey::generate();
  const X509Name root_name{.common_name = "test web root"};
  const Time from = Time{946684800};  // 2000
  const Time to = Time{4102444800};   // 2100
  const Bytes root = write_certificate(
      {.serial = random_serial(),
       .issuer = root_name,
       .subject = root_name,
       .not_before = from,
       .not_after = to,
       .extensions = {basic_constraints(true, std::nullopt), key_usage(kKeyCertSign | kCrlSign),
                      subject_key_id(root_key)}},
      root_key, root_key);
  SigningKey key = SigningKey::generate();
  Bytes leaf = write_certificate({.serial = random_serial(),
                                  .issuer = root_name,
                                  .subject = {.common_name = "test web service"},
                                  .not_before = from,
                                  .not_after = to,
                                  .extensions = {basic_constraints(false, std::nullopt),
                                                 key_usage(kDigitalSignature),
                                                 authority_key_id(root_key),
                                                 {"2.5.29.17", false, to_bytes(san)}}},
                                 key, root_key);
  return {std::move(key), std::move(leaf), pem_of(root)};
}

Bytes san_of_loopback() {
  return {0x30, 0x06, 0x87, 0x04, 127, 0, 0, 1};
}

Bytes san_of_name(std::string_view name) {
  const auto length = static_cast<uint8_t>(name.size());
  Bytes out = {0x30, static_cast<uint8_t>(length + 2), 0x82, length};
  append(out, as_bytes(name));
  return out;
}

ReplayServer::ReplayServer(Answer answer, const TestWebIdentity* identity)
    : answer_(std::move(answer)), listen_fd_(listen_on("127.0.0.1:0").value()) {
  if (identity != nullptr)
    tls_ = TlsServerContext::create(identity->certificate, identity->key).value();
  thread_ = std::thread([this] { serve(); });
}

ReplayServer::~ReplayServer() {
  stopping_ = true;
  thread_.join();
  ::close(listen_fd_);
}

std::string ReplayServer::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_of(listen_fd_));
}

std::vector<std::string> ReplayServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ReplayServer::serve() {
  while (!stopping_) {
    if (!wait_for(listen_fd_, POLLIN)) continue;
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) continue;
    serve_connection(fd);
    ::close(fd);
  }
}

void ReplayServer::serve_connection(int fd) {
  std::unique_ptr<Stream> stream;
  if (tls_)
    stream = tls_->accept(fd);
  else
    stream = std::make_unique<PlainSocket>(fd);
  for (IoStatus status = stream->handshake(); status != IoStatus::kOk;
       status = stream->handshake()) {
    if (stopping_ || status == IoStatus::kFailed || status == IoStatus::kClosed) return;
    wait_for(fd, status == IoStatus::kWantRead ? POLLIN : POLLOUT);
  }
  Bytes in;
  while (!stopping_) {
    uint8_t piece[4096];
    const IoResult got = stream->read(piece);
    if (got.status == IoStatus::kOk) {
      append(in, BytesView(piece).first(got.n));
      if (!exchange(*stream, in)) return;
    } else if (got.status == IoStatus::kWantRead) {
      wait_for(fd, POLLIN);
    } else {
      return;
    }
  }
}

// False when the connection is to be closed.
bool ReplayServer::exchange(Stream& stream, Bytes& in) {
  const size_t end = as_text(in).find("\r\n\r\n");
  if (end == std::string_view::npos) return true;
  const std::string line(as_text(in).substr(0, as_text(in).find('\r')));
  in.erase(in.begin(), in.begin() + static_cast<ptrdiff_t>(end + 4));
  const size_t space = line.find(' ');
  const std::string target = line.substr(space + 1, line.rfind(' ') - space - 1);
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(target);
  }
  const ReplayReply reply = answer_(target);
  const Bytes wire = wire_of(reply);
  for (milliseconds waited{0}; waited < reply.before_first && !stopping_; waited += kLookEvery)
    std::this_thread::sleep_for(kLookEvery);
  BytesView left = BytesView(wire).first(std::min(wire.size(), reply.send_at_most));
  while (!left.empty() && !stopping_) {
    const bool slow = reply.between_bytes.count() > 0;
    const IoResult sent = stream.write(slow ? left.first(1) : left);
    if (sent.status == IoStatus::kFailed || sent.status == IoStatus::kClosed) return false;
    left = left.subspan(sent.n);
    if (slow) std::this_thread::sleep_for(reply.between_bytes);
    if (sent.status == IoStatus::kWantWrite) std::this_thread::sleep_for(milliseconds(1));
  }
  const bool whole = reply.send_at_most >= wire.size() && reply.raw.empty();
  if (!whole) stream.close_notify();
  return whole;
}

}  // namespace blindai
