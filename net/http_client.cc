#include "net/http_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"
#include "net/plain_socket.h"

namespace blindai {
namespace {

constexpr size_t kStreamPieceLen = 256 * 1024;
constexpr Id kTimeout{"net.timeout",
                      "The server did not answer in time; try again, or allow more time."};
constexpr Id kRefusedConnection{
    "net.connect", "Nothing answers at that address; check it and that the server is running."};

// A signal may come just before the wait, or to another thread: somebody who wants to end the wait
// is asked this often.
constexpr std::chrono::milliseconds kAskEvery{200};

Status poll_for(int fd, short events, std::chrono::milliseconds time,
                const std::function<bool()>& interrupted) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  pollfd p{fd, events, 0};
  while (true) {
    const auto wait = interrupted ? std::min(time, kAskEvery) : time;
    const int n = ::poll(&p, 1, static_cast<int>(wait.count()));
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) return fail(Code::kUnavailable, "net.poll");
    if (interrupted && interrupted())
      return fail(Code::kUnavailable, {"net.interrupted", "The call was interrupted."});
    time =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (time.count() <= 0) return fail(Code::kDeadline, kTimeout);
  }
}

Result<int> connect_tcp(const addrinfo& address, const HttpClientOptions& options) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::kUnavailable, kRefusedConnection);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Error error{Code::kUnavailable, kRefusedConnection};
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno == EINPROGRESS) {
    Status ready = poll_for(fd, POLLOUT, options.connect_time, options.interrupted);
    int failure = 0;
    socklen_t length = sizeof failure;
    if (ready.has_value() && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 &&
        failure == 0)
      return fd;
    if (!ready.has_value()) error = ready.error();
  }
  ::close(fd);
  return std::unexpected(error);
}

}  // namespace

std::optional<std::string_view> HttpClientResponse::field(std::string_view lower_case_name) const {
  for (const auto& [name, value] : fields)
    if (name == lower_case_name) return value;
  return std::nullopt;
}

Result<std::unique_ptr<HttpClient>> HttpClient::connect(const std::string& address,
                                                        TlsClientContext& tls,
                                                        const HttpClientOptions& options,
                                                        const TlsSession* resume) {
  ASSIGN_OR_RETURN(const HostPort where, parse_host_port(address));
  std::string host = address.starts_with("https://") ? address.substr(8) : address;
  return open(where, std::move(host), &tls, options, resume);
}

Result<std::unique_ptr<HttpClient>> HttpClient::connect(const Url& url, TlsClientContext* tls,
                                                        const HttpClientOptions& options) {
  return open(url.where, url.authority(), url.tls ? tls : nullptr, options, nullptr);
}

Result<std::unique_ptr<HttpClient>> HttpClient::open(const HostPort& where, std::string host,
                                                     TlsClientContext* tls,
                                                     const HttpClientOptions& options,
                                                     const TlsSession* resume) {
  ASSIGN_OR_RETURN(const AddressList list, resolve(where, /*passive=*/false));
  Result<int> fd = fail(Code::kUnavailable, kRefusedConnection);
  for (const addrinfo* a = list.get(); a != nullptr && !fd.has_value(); a = a->ai_next)
    fd = connect_tcp(*a, options);
  if (!fd.has_value()) return std::unexpected(fd.error());
  std::unique_ptr<HttpClient> client(new HttpClient(*fd, std::move(host), options));
  if (tls == nullptr) {
    client->stream_ = std::make_unique<PlainSocket>(*fd);
  } else {
    std::unique_ptr<TlsSocket> socket = tls->connect(*fd, where.host, resume);
    client->tls_ = socket.get();
    client->stream_ = std::move(socket);
  }
  RETURN_IF_ERROR(client->shake_hands());
  return client;
}

Status HttpClient::shake_hands() {
  const auto deadline = std::chrono::steady_clock::now() + options_.connect_time;
  while (true) {
    const IoStatus status = stream_->handshake();
    if (status == IoStatus::kOk) return {};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Code::kDeadline, kTimeout);
    if (status == IoStatus::kWantRead)
      RETURN_IF_ERROR(poll_for(fd_, POLLIN, left, options_.interrupted));
    else if (status == IoStatus::kWantWrite)
      RETURN_IF_ERROR(poll_for(fd_, POLLOUT, left, options_.interrupted));
    else
      return std::unexpected(stream_->failure());
  }
}

HttpClient::~HttpClient() {
  stream_->close_notify();
  stream_.reset();
  ::close(fd_);
}

Status HttpClient::wait(IoStatus for_what) {
  std::chrono::milliseconds time = options_.stall_time;
  if (options_.request_time.count() > 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Code::kDeadline, kTimeout);
    time = std::min(time, left);
  }
  switch (for_what) {
    case IoStatus::kWantRead:
      return poll_for(fd_, POLLIN, time, options_.interrupted);
    case IoStatus::kWantWrite:
      return poll_for(fd_, POLLOUT | POLLIN, time, options_.interrupted);
    case IoStatus::kClosed:
      return fail(Code::kUnavailable,
                  {"net.closed", "The server closed the connection; connect again."});
    default:
      return std::unexpected(stream_->failure());
  }
}

// Reads once. Room for more than a record is made only by the caller of larger bodies.
Status HttpClient::fill() {
  if (in_.empty()) in_.resize(std::max<size_t>(kTlsRecordLen, options_.head.head_bytes));
  if (in_at_ == in_len_) {
    in_at_ = in_len_ = 0;
  } else if (in_len_ == in_.size()) {
    std::memmove(in_.data(), in_.data() + in_at_, in_len_ - in_at_);
    in_len_ -= in_at_;
    in_at_ = 0;
  }
  if (in_len_ == in_.size()) return fail(Code::kMalformed, "http.syntax");
  while (true) {
    const IoResult result = stream_->read(std::span(in_).subspan(in_len_));
    in_len_ += result.n;
    if (result.status == IoStatus::kOk) return {};
    RETURN_IF_ERROR(wait(result.status));
  }
}

// While the socket is full the server may already be answering, for instance that the body is too
// large; then writing ends and early_answer_ is set.
Status HttpClient::write_all(BytesView data) {
  while (!data.empty() && !early_answer_) {
    const IoResult result = stream_->write(data);
    if (result.status == IoStatus::kOk) {
      data = data.subspan(result.n);
      continue;
    }
    if (result.status == IoStatus::kWantWrite) {
      RETURN_IF_ERROR(wait(IoStatus::kWantWrite));
      pollfd p{fd_, POLLIN, 0};
      if (::poll(&p, 1, 0) == 1 && in_at_ == in_len_) {
        if (in_.empty()) in_.resize(std::max<size_t>(kTlsRecordLen, options_.head.head_bytes));
        const IoResult peeked = stream_->read(in_);
        in_at_ = 0;
        in_len_ = peeked.n;
        early_answer_ = peeked.n > 0 || peeked.status == IoStatus::kClosed;
      }
      continue;
    }
    // A server that refuses a body may close while it is being sent; its answer is still to be
    // read.
    if (result.status == IoStatus::kFailed) {
      early_answer_ = true;
      break;
    }
    RETURN_IF_ERROR(wait(result.status));
  }
  return {};
}

std::string HttpClient::head_of(const HttpClientRequest& request, uint64_t length,
                                bool streamed) const {
  HttpFields fields = request.fields;
  if (streamed) fields.emplace_back("expect", "100-continue");
  const bool bodyless = length == 0 && (request.method == "GET" || request.method == "DELETE");
  return format_request_head(request.method, request.target, host_, fields,
                             bodyless ? std::nullopt : std::optional(length));
}

Result<HttpClientResponse> HttpClient::send(const HttpClientRequest& request) {
  if (!usable_) return fail(Code::kUnavailable, "net.closed");
  usable_ = false;  // until the answer has been read whole
  deadline_ = std::chrono::steady_clock::now() + options_.request_time;
  uint64_t length = 0;
  for (const BytesView& piece : request.body) length += piece.size();
  Bytes first = to_bytes(as_bytes(head_of(request, length, false)));
  // As much of the body as fits joins the head in one record.
  size_t index = 0;
  size_t at = 0;
  while (index < request.body.size() && first.size() < kTlsRecordLen) {
    const BytesView piece = request.body[index].subspan(at);
    const size_t n = std::min(piece.size(), kTlsRecordLen - first.size());
    append(first, piece.first(n));
    at += n;
    if (at == request.body[index].size()) {
      ++index;
      at = 0;
    }
  }
  RETURN_IF_ERROR(write_all(first));
  for (; index < request.body.size(); ++index, at = 0)
    RETURN_IF_ERROR(write_all(request.body[index].subspan(at)));
  return read_response();
}

Result<HttpClientResponse> HttpClient::send(const HttpClientRequest& request,
                                            const HttpBodyStream& body) {
  if (!usable_) return fail(Code::kUnavailable, "net.closed");
  usable_ = false;
  RETURN_IF_ERROR(write_all(as_bytes(head_of(request, body.length, true))));
  ASSIGN_OR_RETURN(const HttpHead interim, read_head());
  if (interim.status != 100) {
    HttpClientResponse refused;
    refused.status = interim.status;
    refused.fields = interim.fields;
    RETURN_IF_ERROR(read_body(refused, interim));
    return refused;
  }
  parser_.reset();
  Bytes piece(kStreamPieceLen);
  uint64_t sent = 0;
  while (sent < body.length && !early_answer_) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(piece.size(), body.length - sent));
    ASSIGN_OR_RETURN(const size_t got, body.read(std::span(piece).first(want)));
    if (got == 0)
      return fail(Code::kInvalid, {"net.body-short",
                                   "The file became shorter while it was being sent; send it "
                                   "again when nothing writes to it."});
    RETURN_IF_ERROR(write_all(BytesView(piece).first(got)));
    sent += got;
    if (body.progress) body.progress(sent);
  }
  return read_response();
}

Result<HttpHead> HttpClient::read_head() {
  parser_ = std::make_unique<HttpParser>(HttpParser::Kind::kResponse, options_.head);
  while (parser_->head() == nullptr) {
    if (in_at_ == in_len_) RETURN_IF_ERROR(fill());
    ASSIGN_OR_RETURN(const size_t used,
                     parser_->feed_head(BytesView(in_).subspan(in_at_, in_len_ - in_at_)));
    in_at_ += used;
    if (parser_->head() == nullptr && used == 0) RETURN_IF_ERROR(fill());
  }
  return *parser_->head();
}

Result<HttpClientResponse> HttpClient::read_response() {
  const bool early = early_answer_;
  early_answer_ = false;
  ASSIGN_OR_RETURN(const HttpHead head, read_head());
  HttpClientResponse response;
  response.status = head.status;
  response.fields = head.fields;
  RETURN_IF_ERROR(read_body(response, head));
  usable_ = head.keep_alive && !early;
  return response;
}

Status HttpClient::read_body(HttpClientResponse& response, const HttpHead& head) {
  if (head.chunked) return read_chunked(response);
  const uint64_t length = head.content_length.value_or(0);
  if (length > options_.response_bytes)
    return fail(Code::kTooLarge, {"http.response-too-large",
                                  "The answer is larger than this client accepts; raise its "
                                  "limit or ask for fewer outputs."});
  response.body.resize(static_cast<size_t>(length));
  size_t have = std::min(response.body.size(), in_len_ - in_at_);
  std::copy_n(in_.begin() + static_cast<ptrdiff_t>(in_at_), have, response.body.begin());
  in_at_ += have;
  while (have < response.body.size()) {
    const IoResult result = stream_->read(std::span(response.body).subspan(have));
    have += result.n;
    if (result.status != IoStatus::kOk) RETURN_IF_ERROR(wait(result.status));
  }
  return {};
}

Status HttpClient::read_chunked(HttpClientResponse& response) {
  bool too_large = false;
  const std::function<size_t(BytesView)> sink = [&](BytesView piece) {
    too_large = too_large || response.body.size() + piece.size() > options_.response_bytes;
    if (!too_large) append(response.body, piece);
    return piece.size();
  };
  while (!parser_->chunked_done()) {
    if (in_at_ == in_len_) RETURN_IF_ERROR(fill());
    ASSIGN_OR_RETURN(const size_t used,
                     parser_->feed_chunked(BytesView(in_).subspan(in_at_, in_len_ - in_at_), sink));
    in_at_ += used;
    if (too_large) return fail(Code::kTooLarge, "http.response-too-large");
    if (used == 0 && !parser_->chunked_done()) RETURN_IF_ERROR(fill());
  }
  return {};
}

}  // namespace blindai
