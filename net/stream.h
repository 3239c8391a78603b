// One end of a connection that bytes go through: TLS (net/tls.h) or a bare socket (plain_socket.h).
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

enum class IoStatus : uint8_t {
  kOk,
  kWantRead,   // nothing yet: wait until the socket is readable
  kWantWrite,  // the socket is full: wait until it is writable
  kClosed,     // the peer ended the connection in an orderly way
  kFailed,     // the connection is unusable; failure() says why
};
struct IoResult {
  IoStatus status;
  size_t n = 0;  // bytes moved, with kOk
};

// Non-blocking; the fd below is borrowed and stays open.
class Stream {
 public:
  virtual ~Stream() = default;
  // kOk once bytes may be read and written.
  virtual IoStatus handshake() = 0;
  // At most out.size() bytes. kWantRead means that nothing more is held back either.
  virtual IoResult read(std::span<uint8_t> out) = 0;
  // May write less than it was given: the rest has to follow at once, since it may be waited for. A
  // write that did not finish must be repeated with the same bytes first.
  virtual IoResult write(BytesView data) = 0;
  // Says goodbye to the peer, as far as the socket takes it now.
  virtual void close_notify() = 0;
  // Why the last call returned kFailed: a compile-time id with advice.
  virtual Error failure() const = 0;
};

}  // namespace blindai
