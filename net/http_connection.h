// One connection of an HttpServer: the state machine between a stream's bytes and a service.
// Internal.
#pragma once

#include "net/http_server.h"

namespace blindai {

// What a connection needs of its server.
class HttpConnectionOwner {
 public:
  virtual ~HttpConnectionOwner() = default;
  virtual void closed(HttpConnection* connection) = 0;
  virtual HttpService& service() = 0;
  virtual TlsServerContext* tls() = 0;  // null: connections are plain
  virtual const HttpServerLimits& limits() const = 0;
  virtual HttpServerCounters& counters() = 0;
  virtual bool draining() const = 0;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpConnectionOwner& owner, Reactor& reactor, int fd);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  void close();
  // Called about once a second: closes the connection when its time is up.
  void check_time(Reactor::Clock::time_point now);
  // Between two requests, with nothing of the next one here.
  bool is_idle() const;
  bool is_idle_longer_than(const HttpConnection& other) const {
    return deadline_ < other.deadline_;
  }
  // The server is stopping: an idle connection closes now, a busy one after its answer.
  void drain();

  void answer(uint64_t sequence, HttpResponse response);
  void resume_body(uint64_t sequence);
  Result<ByteArray<32>> export_key(std::string_view label) const;
  std::shared_ptr<HttpNote> note() const { return note_; }
  void leave_note(std::shared_ptr<HttpNote> note) { note_ = std::move(note); }
  void set_kind(uint64_t sequence, uint8_t kind);

 private:
  enum class State : uint8_t {
    kPeek,  // before the first byte
    kHandshake,
    kHead,       // idle, or a head is arriving
    kBody,       // the body goes to the exchange
    kAnswering,  // the body is complete; the service is working
    kWriting,
    kDraining,   // answered early: the rest of the body is read and dropped
    kLingering,  // the last answer is sent: until the peer closes
    kClosed,
  };
  enum class Step : uint8_t { kAgain, kWaitRead, kWaitWrite, kWaitService, kClose };

  void pump();
  void wait(Step step);
  Step step();
  Step peek();
  Step handshake();
  Step read_head();
  Step begin_request();
  Step read_body();
  Step read_body_direct(std::span<uint8_t> space);
  Step read_chunked();
  Step watch_peer();
  Step write();
  Step after_answer();
  Step drain_body();
  Step linger();
  Step refuse(const Error& error);

  // Reads more into in_. kOk when something came.
  IoStatus fill();
  void consume(size_t n);
  BytesView unread() const { return BytesView(in_).subspan(in_at_, in_len_ - in_at_); }
  void finish_body();
  void queue(HttpResponse response);
  void tell_end(unsigned status);
  void set_deadline(std::chrono::seconds time);
  // The beginning of a body or an answer; bytes of it; a pause that is not the peer's.
  void begin_moving();
  Step wait_for_service();
  bool too_slow(Reactor::Clock::time_point now);
  bool body_complete() const;

  HttpConnectionOwner& owner_;
  Reactor& reactor_;
  int fd_;
  State state_ = State::kPeek;
  bool pumping_ = false;
  bool close_after_ = false;
  bool answered_ = false;   // the current request has its answer queued
  bool body_done_ = false;  // the current request's body was taken whole
  bool continue_sent_ = false;
  uint64_t sequence_ = 0;
  uint8_t kind_ = 0;  // of the current request
  Reactor::Clock::time_point began_;
  std::unique_ptr<Stream> stream_;
  TlsSocket* tls_ = nullptr;  // stream_, when it is TLS
  std::shared_ptr<HttpNote> note_;
  std::unique_ptr<Reactor::Watch> watch_;
  Reactor::Clock::time_point deadline_;
  Reactor::Clock::time_point moving_since_;  // moved_ counts from then; pauses left out
  Reactor::Clock::time_point paused_at_;     // max: not paused
  uint64_t moved_ = 0;

  // Decrypted bytes not yet used; allocated only while something is arriving.
  Bytes in_;
  size_t in_at_ = 0;
  size_t in_len_ = 0;

  std::unique_ptr<HttpParser> parser_;
  std::shared_ptr<HttpExchange> exchange_;
  uint64_t body_left_ = 0;  // with a Content-Length
  bool chunked_ = false;
  uint64_t drained_ = 0;

  // The answer being written: a head (and what was coalesced with it), then pieces.
  Bytes out_;
  size_t out_at_ = 0;
  HttpResponse response_;
  size_t tail_index_ = 0;
  size_t tail_at_ = 0;
};

}  // namespace blindai
