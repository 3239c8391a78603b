#include "net/http_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#include "net/plain_socket.h"

namespace blindai {
namespace {

constexpr uint8_t kHandshakeRecord = 22;  // RFC 8446 section 5.1: ContentType of a ClientHello
constexpr std::chrono::seconds kLingerTime{5};
// Steps one connection may take before the others get their turn: half a megabyte of body.
constexpr int kStepsPerTurn = 32;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(HttpConnectionOwner& owner, Reactor& reactor, int fd)
    : owner_(owner), reactor_(reactor), fd_(fd), watch_(reactor.watch(fd)) {
  set_deadline(owner_.limits().head_time);
}

HttpConnection::~HttpConnection() {
  if (state_ != State::kClosed) {
    watch_.reset();
    stream_.reset();
    ::close(fd_);
  }
}

void HttpConnection::start() {
  pump();
}

void HttpConnection::close() {
  if (state_ == State::kClosed) return;
  if (stream_ != nullptr && state_ != State::kHandshake && state_ != State::kLingering)
    stream_->close_notify();
  state_ = State::kClosed;
  if (exchange_ != nullptr && !answered_) tell_end(0);
  exchange_.reset();
  note_.reset();
  watch_.reset();
  tls_ = nullptr;
  stream_.reset();
  ::close(fd_);
  owner_.closed(this);
}

void HttpConnection::check_time(Reactor::Clock::time_point now) {
  if (now < deadline_ && !too_slow(now)) return;
  ++owner_.counters().timeouts;
  auto self = shared_from_this();
  close();
}

bool HttpConnection::is_idle() const {
  return state_ == State::kHead && unread().empty() && parser_ == nullptr;
}

void HttpConnection::drain() {
  auto self = shared_from_this();
  const bool idle = state_ == State::kPeek || state_ == State::kHandshake ||
                    state_ == State::kLingering || (state_ == State::kHead && unread().empty());
  if (idle)
    close();
  else
    close_after_ = true;
}

void HttpConnection::set_deadline(std::chrono::seconds time) {
  deadline_ = Reactor::Clock::now() + time;
}

void HttpConnection::begin_moving() {
  moving_since_ = Reactor::Clock::now();
  paused_at_ = Reactor::Clock::time_point::max();
  moved_ = 0;
}

HttpConnection::Step HttpConnection::wait_for_service() {
  paused_at_ = Reactor::Clock::now();
  deadline_ = Reactor::Clock::time_point::max();
  return Step::kWaitService;
}

// One span of stall_time after the other, since what the kernel took at first says nothing of the
// peer.
bool HttpConnection::too_slow(Reactor::Clock::time_point now) {
  if (state_ != State::kBody && state_ != State::kWriting) return false;
  if (paused_at_ != Reactor::Clock::time_point::max()) return false;
  const HttpServerLimits& limits = owner_.limits();
  if (now - moving_since_ < limits.stall_time) return false;
  const uint64_t moved = std::exchange(moved_, 0);
  moving_since_ = now;
  return moved < limits.min_rate * static_cast<uint64_t>(limits.stall_time.count());
}

void HttpConnection::pump() {
  if (pumping_ || state_ == State::kClosed) return;
  auto self = shared_from_this();
  pumping_ = true;
  Step next = Step::kAgain;
  for (int i = 0; next == Step::kAgain && state_ != State::kClosed; ++i) {
    if (i == kStepsPerTurn) break;
    next = step();
  }
  pumping_ = false;
  if (state_ == State::kClosed) return;
  wait(next);
}

void HttpConnection::wait(Step next) {
  const std::weak_ptr<HttpConnection> weak = weak_from_this();
  auto go_on = [weak] {
    if (auto self = weak.lock()) self->pump();
  };
  switch (next) {
    case Step::kAgain:
      reactor_.post(go_on);
      break;
    case Step::kWaitRead:
      watch_->when_readable(go_on);
      break;
    case Step::kWaitWrite:
      watch_->when_writable(go_on);
      break;
    case Step::kWaitService:
      break;
    case Step::kClose:
      close();
      break;
  }
}

HttpConnection::Step HttpConnection::step() {
  switch (state_) {
    case State::kPeek:
      return peek();
    case State::kHandshake:
      return handshake();
    case State::kHead:
      return read_head();
    case State::kBody:
      return read_body();
    case State::kAnswering:
      return watch_peer();
    case State::kWriting:
      return write();
    case State::kDraining:
      return drain_body();
    case State::kLingering:
      return linger();
    case State::kClosed:
      return Step::kWaitService;
  }
  return Step::kClose;
}

// A browser or curl that speaks plain HTTP here gets an answer it can show, not a TLS alert.
HttpConnection::Step HttpConnection::peek() {
  if (owner_.tls() == nullptr) {
    stream_ = std::make_unique<PlainSocket>(fd_);
    state_ = State::kHandshake;
    return Step::kAgain;
  }
  uint8_t first = 0;
  const ssize_t n = ::recv(fd_, &first, 1, MSG_PEEK);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWaitRead;
  if (n <= 0) return Step::kClose;
  if (first == kHandshakeRecord) {
    auto socket = owner_.tls()->accept(fd_);
    tls_ = socket.get();
    stream_ = std::move(socket);
    state_ = State::kHandshake;
    return Step::kAgain;
  }
  ++owner_.counters().handshakes_failed;
  HttpResponse refusal = owner_.service().refuse(
      {Code::kInvalid,
       {"tls.required",
        "This port speaks TLS 1.3 only: use https:// and, to verify the server before sending "
        "anything, the blindai client."}});
  const std::string text =
      format_response_head(refusal.status, refusal.fields, refusal.body.size(), true) +
      refusal.body;
  (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(fd_, SHUT_WR);
  set_deadline(kLingerTime);
  state_ = State::kLingering;
  return Step::kAgain;
}

HttpConnection::Step HttpConnection::handshake() {
  switch (stream_->handshake()) {
    case IoStatus::kOk:
      state_ = State::kHead;
      set_deadline(owner_.limits().idle_time);
      return Step::kAgain;
    case IoStatus::kWantRead:
      return Step::kWaitRead;
    case IoStatus::kWantWrite:
      return Step::kWaitWrite;
    default:
      // OpenSSL has queued the alert (protocol_version for TLS 1.2) and sent it already.
      ++owner_.counters().handshakes_failed;
      ::shutdown(fd_, SHUT_WR);
      set_deadline(kLingerTime);
      state_ = State::kLingering;
      return Step::kAgain;
  }
}

IoStatus HttpConnection::fill() {
  if (in_.empty()) in_.resize(std::max<size_t>(kTlsRecordLen, owner_.limits().head.head_bytes));
  if (in_at_ == in_len_) {
    in_at_ = in_len_ = 0;
  } else if (in_len_ == in_.size()) {
    std::memmove(in_.data(), in_.data() + in_at_, in_len_ - in_at_);
    in_len_ -= in_at_;
    in_at_ = 0;
  }
  const IoResult result = stream_->read(std::span(in_).subspan(in_len_));
  in_len_ += result.n;
  if (result.status == IoStatus::kWantRead && in_at_ == in_len_) {
    in_at_ = in_len_ = 0;
    if (state_ == State::kHead) Bytes().swap(in_);  // idle connections hold no buffer
  }
  return result.status;
}

void HttpConnection::consume(size_t n) {
  in_at_ += n;
  BLINDAI_CHECK(in_at_ <= in_len_);
}

HttpConnection::Step HttpConnection::read_head() {
  if (!unread().empty()) {
    if (parser_ == nullptr) {
      parser_ = std::make_unique<HttpParser>(HttpParser::Kind::kRequest, owner_.limits().head);
      set_deadline(owner_.limits().head_time);
    }
    Result<size_t> used = parser_->feed_head(unread());
    if (!used.has_value()) return refuse(used.error());
    consume(*used);
    if (parser_->head() != nullptr) return begin_request();
    if (unread().size() == in_.size()) return refuse({Code::kTooLarge, kHeadTooLarge});
  }
  switch (fill()) {
    case IoStatus::kOk:
      return Step::kAgain;
    case IoStatus::kWantRead:
      return Step::kWaitRead;
    case IoStatus::kWantWrite:
      return Step::kWaitWrite;
    default:
      return Step::kClose;
  }
}

HttpConnection::Step HttpConnection::begin_request() {
  const HttpHead& head = *parser_->head();
  ++owner_.counters().requests;
  ++sequence_;
  kind_ = 0;
  began_ = Reactor::Clock::now();
  answered_ = body_done_ = continue_sent_ = false;
  chunked_ = head.chunked;
  body_left_ = head.content_length.value_or(0);
  drained_ = 0;
  close_after_ = close_after_ || !head.keep_alive || owner_.draining();
  state_ = State::kBody;
  set_deadline(owner_.limits().stall_time);
  begin_moving();
  exchange_ = owner_.service().serve(head, HttpReply(weak_from_this(), sequence_));
  if (answered_) {
    // A client that asked first and was refused will not send its body.
    if (head.expect_continue && !body_complete()) close_after_ = true;
    return Step::kAgain;
  }
  BLINDAI_CHECK(exchange_ != nullptr);
  if (head.expect_continue && !body_complete()) {
    continue_sent_ = true;
    out_.assign(kContinue.begin(), kContinue.end());
    out_at_ = 0;
    state_ = State::kWriting;
  }
  return Step::kAgain;
}

bool HttpConnection::body_complete() const {
  return chunked_ ? parser_->chunked_done() : body_left_ == 0;
}

void HttpConnection::finish_body() {
  body_done_ = true;
  state_ = State::kAnswering;
  deadline_ = Reactor::Clock::time_point::max();  // the service keeps its own deadlines
  exchange_->body_done();
}

HttpConnection::Step HttpConnection::read_body() {
  if (body_complete()) {
    finish_body();
    return Step::kAgain;
  }
  const std::span<uint8_t> space = exchange_->body_space();
  if (state_ != State::kBody) return Step::kAgain;  // asked for room, it answered instead
  if (space.empty()) return wait_for_service();
  return chunked_ ? read_chunked() : read_body_direct(space);
}

HttpConnection::Step HttpConnection::read_body_direct(std::span<uint8_t> space) {
  const size_t want = static_cast<size_t>(std::min<uint64_t>(space.size(), body_left_));
  size_t got = 0;
  if (const BytesView early = unread(); !early.empty()) {
    got = std::min(want, early.size());
    std::memcpy(space.data(), early.data(), got);
    consume(got);
  } else {
    const IoResult result = stream_->read(space.first(want));
    if (result.status == IoStatus::kWantRead) return Step::kWaitRead;
    if (result.status == IoStatus::kWantWrite) return Step::kWaitWrite;
    if (result.status != IoStatus::kOk) return Step::kClose;
    got = result.n;
  }
  set_deadline(owner_.limits().stall_time);
  moved_ += got;
  body_left_ -= got;
  exchange_->body_filled(got);
  return Step::kAgain;
}

HttpConnection::Step HttpConnection::read_chunked() {
  bool sink_full = false;
  const std::function<size_t(BytesView)> sink = [&](BytesView piece) -> size_t {
    size_t taken = 0;
    while (taken < piece.size() && state_ == State::kBody) {
      const std::span<uint8_t> space = exchange_->body_space();
      if (space.empty() || state_ != State::kBody) break;
      const size_t n = std::min(space.size(), piece.size() - taken);
      std::memcpy(space.data(), piece.data() + taken, n);
      taken += n;
      exchange_->body_filled(n);
    }
    sink_full = taken < piece.size();
    return taken;
  };
  if (!unread().empty()) {
    const size_t before = unread().size();
    Result<size_t> used = parser_->feed_chunked(unread(), sink);
    if (!used.has_value()) return answered_ ? Step::kClose : refuse(used.error());
    consume(*used);
    moved_ += *used;
    if (*used > 0) set_deadline(owner_.limits().stall_time);
    if (state_ != State::kBody || body_complete()) return Step::kAgain;
    if (sink_full) return exchange_->body_space().empty() ? wait_for_service() : Step::kAgain;
    // A chunk header that does not fit the whole buffer is no chunk header.
    if (*used == 0 && before == in_.size()) return refuse({Code::kMalformed, kHttpSyntax});
    if (*used > 0 && !unread().empty()) return Step::kAgain;
  }
  switch (fill()) {
    case IoStatus::kOk:
      return Step::kAgain;
    case IoStatus::kWantRead:
      return Step::kWaitRead;
    case IoStatus::kWantWrite:
      return Step::kWaitWrite;
    default:
      return Step::kClose;
  }
}

// The service is working. A client that leaves ends its exchange; one that sends the next request
// already has it kept, up to one buffer.
HttpConnection::Step HttpConnection::watch_peer() {
  if (!unread().empty() && in_len_ - in_at_ == in_.size()) return Step::kWaitService;
  switch (fill()) {
    case IoStatus::kOk:
      return Step::kAgain;
    case IoStatus::kWantRead:
      return Step::kWaitRead;
    case IoStatus::kWantWrite:
      return Step::kWaitWrite;
    default:
      return Step::kClose;
  }
}

void HttpConnection::answer(uint64_t sequence, HttpResponse response) {
  if (sequence != sequence_ || answered_ || state_ == State::kClosed) return;
  queue(std::move(response));
  pump();
}

void HttpConnection::queue(HttpResponse response) {
  answered_ = true;
  tell_end(response.status);
  response_ = std::move(response);
  uint64_t length = response_.body.size();
  for (const BytesView& piece : response_.tail) length += piece.size();
  const bool too_much_to_drop =
      !body_done_ && !chunked_ && body_left_ > owner_.limits().drain_bytes;
  close_after_ = close_after_ || response_.close || too_much_to_drop || owner_.draining();
  const std::string head =
      format_response_head(response_.status, response_.fields, length, close_after_);
  out_.clear();
  append(out_, as_bytes(head));
  append(out_, as_bytes(response_.body));
  out_at_ = tail_index_ = tail_at_ = 0;
  // The beginning of the tail joins the first record: one record and one system call for a small
  // answer.
  while (tail_index_ < response_.tail.size() && out_.size() < kTlsRecordLen) {
    const BytesView piece = response_.tail[tail_index_].subspan(tail_at_);
    const size_t n = std::min(piece.size(), kTlsRecordLen - out_.size());
    append(out_, piece.first(n));
    tail_at_ += n;
    if (tail_at_ == response_.tail[tail_index_].size()) {
      ++tail_index_;
      tail_at_ = 0;
    }
  }
  state_ = State::kWriting;
  set_deadline(owner_.limits().stall_time);
  begin_moving();
}

void HttpConnection::tell_end(unsigned status) {
  owner_.service().ended({.kind = kind_, .status = status, .time = Reactor::Clock::now() - began_});
}

HttpConnection::Step HttpConnection::write() {
  BytesView next;
  const bool from_out = out_at_ < out_.size();
  if (from_out) {
    next = BytesView(out_).subspan(out_at_);
  } else if (answered_ && tail_index_ < response_.tail.size()) {
    next = response_.tail[tail_index_].subspan(tail_at_);
    if (next.empty()) {
      ++tail_index_;
      tail_at_ = 0;
      return Step::kAgain;
    }
  } else {
    return after_answer();
  }
  const IoResult result = stream_->write(next);
  if (result.status == IoStatus::kWantRead) return Step::kWaitRead;
  if (result.status == IoStatus::kWantWrite) return Step::kWaitWrite;
  if (result.status != IoStatus::kOk) return Step::kClose;
  set_deadline(owner_.limits().stall_time);
  moved_ += result.n;
  if (from_out) {
    out_at_ += result.n;
  } else {
    tail_at_ += result.n;
    if (tail_at_ == response_.tail[tail_index_].size()) {
      ++tail_index_;
      tail_at_ = 0;
    }
  }
  return Step::kAgain;
}

HttpConnection::Step HttpConnection::after_answer() {
  out_at_ = 0;
  out_.clear();
  if (!answered_) {  // it was only the 100 Continue
    state_ = State::kBody;
    begin_moving();
    return Step::kAgain;
  }
  exchange_.reset();
  response_ = HttpResponse();
  if (out_.capacity() > kTlsRecordLen) Bytes().swap(out_);
  const bool complete = body_done_ || parser_ == nullptr || body_complete();
  if (close_after_) {
    if (complete) return Step::kClose;
    stream_->close_notify();
    ::shutdown(fd_, SHUT_WR);
    set_deadline(kLingerTime);
    state_ = State::kLingering;
    return Step::kAgain;
  }
  if (!complete) {
    state_ = State::kDraining;
    return Step::kAgain;
  }
  parser_.reset();
  state_ = State::kHead;
  set_deadline(owner_.limits().idle_time);
  // Nothing buffered, so asking the socket now would only find it empty.
  if (unread().empty() && (tls_ == nullptr || !tls_->has_pending())) {
    Bytes().swap(in_);
    in_at_ = in_len_ = 0;
    return Step::kWaitRead;
  }
  return Step::kAgain;
}

// Reads and drops what is left of a body that was answered early, so that the connection can go on.
HttpConnection::Step HttpConnection::drain_body() {
  if (body_complete()) {
    body_done_ = true;
    return after_answer();
  }
  if (drained_ > owner_.limits().drain_bytes) {
    close_after_ = true;
    return after_answer();
  }
  if (!unread().empty()) {
    const size_t before = unread().size();
    if (chunked_) {
      const std::function<size_t(BytesView)> drop = [](BytesView piece) { return piece.size(); };
      Result<size_t> used = parser_->feed_chunked(unread(), drop);
      if (!used.has_value() || (*used == 0 && before == in_.size())) return Step::kClose;
      consume(*used);
      drained_ += *used;
      if (*used > 0) return Step::kAgain;
    } else {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(before, body_left_));
      consume(n);
      body_left_ -= n;
      drained_ += n;
      return Step::kAgain;
    }
  }
  switch (fill()) {
    case IoStatus::kOk:
      set_deadline(owner_.limits().stall_time);
      return Step::kAgain;
    case IoStatus::kWantRead:
      return Step::kWaitRead;
    case IoStatus::kWantWrite:
      return Step::kWaitWrite;
    default:
      return Step::kClose;
  }
}

// Closing with unread bytes in the kernel would reset the connection and lose the answer on the
// way; so they are read, undecrypted, until the peer has seen it and closed.
HttpConnection::Step HttpConnection::linger() {
  uint8_t dropped[4096];
  const ssize_t n = ::recv(fd_, dropped, sizeof dropped, 0);
  if (n > 0) return Step::kAgain;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWaitRead;
  return Step::kClose;
}

HttpConnection::Step HttpConnection::refuse(const Error& error) {
  HttpResponse response = owner_.service().refuse(error);
  response.close = true;
  if (parser_ == nullptr || parser_->head() == nullptr) {  // not a request yet
    kind_ = 0;
    began_ = Reactor::Clock::now();
  }
  // What follows a head or chunk that could not be read has no boundary any more.
  chunked_ = false;
  body_left_ = UINT64_MAX;
  queue(std::move(response));
  return Step::kAgain;
}

void HttpConnection::set_kind(uint64_t sequence, uint8_t kind) {
  if (sequence == sequence_) kind_ = kind;
}

void HttpConnection::resume_body(uint64_t sequence) {
  if (sequence != sequence_ || state_ != State::kBody) return;
  set_deadline(owner_.limits().stall_time);
  if (paused_at_ != Reactor::Clock::time_point::max()) {
    moving_since_ += Reactor::Clock::now() - paused_at_;
    paused_at_ = Reactor::Clock::time_point::max();
  }
  pump();
}

Result<ByteArray<32>> HttpConnection::export_key(std::string_view label) const {
  if (tls_ == nullptr) return fail(Code::kUnavailable, "tls.closed");
  return tls_->export_key(label);
}

void HttpReply::send(HttpResponse response) const {
  if (auto connection = connection_.lock()) connection->answer(sequence_, std::move(response));
}
void HttpReply::resume_body() const {
  if (auto connection = connection_.lock()) connection->resume_body(sequence_);
}
std::shared_ptr<HttpNote> HttpReply::note() const {
  auto connection = connection_.lock();
  return connection == nullptr ? nullptr : connection->note();
}
void HttpReply::set_kind(uint8_t kind) const {
  if (auto connection = connection_.lock()) connection->set_kind(sequence_, kind);
}
void HttpReply::leave_note(std::shared_ptr<HttpNote> note) const {
  if (auto connection = connection_.lock()) connection->leave_note(std::move(note));
}
Result<ByteArray<32>> HttpReply::export_key(std::string_view label) const {
  auto connection = connection_.lock();
  if (connection == nullptr) return fail(Code::kUnavailable, "tls.closed");
  return connection->export_key(label);
}

}  // namespace blindai
