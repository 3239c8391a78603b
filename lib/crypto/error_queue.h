// Private to lib/crypto.
#pragma once

namespace blindai {

// OpenSSL leaves what it found wrong with somebody's key or signature in a queue of the thread,
// which the next TLS call would take for its own. What was found while one of these lives goes with
// it.
struct ErrorQueue {
  ErrorQueue();
  ~ErrorQueue();
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

}  // namespace blindai
