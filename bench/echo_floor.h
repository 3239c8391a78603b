// The floor that round trips are measured against: a bare blocking OpenSSL 3 echo, TLS 1.3 with the
// same cipher, over loopback, in a process of its own. It reads a request of a fixed size and
// writes an answer of a fixed size, and does nothing else.
#pragma once

#include <chrono>
#include <memory>
#include <sys/types.h>

#include "lib/base/bytes.h"

struct ssl_st;
struct ssl_ctx_st;

namespace blindai {

class EchoFloor {
 public:
  // Starts the server process and connects to it. Aborts on failure: there is nothing to measure
  // then.
  EchoFloor(size_t request_len, size_t answer_len);
  // Ends the server process.
  ~EchoFloor();
  EchoFloor(const EchoFloor&) = delete;
  EchoFloor& operator=(const EchoFloor&) = delete;

  std::chrono::nanoseconds round_trip();

 private:
  Bytes request_;
  Bytes answer_;
  pid_t server_ = -1;
  int fd_ = -1;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
};

}  // namespace blindai
