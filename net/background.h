// One thread for calls that block (fsync, reading a model from disk), so that the reactor never
// does.
#pragma once

#include <functional>
#include <memory>

#include "net/reactor.h"

namespace blindai {

class Background {
 public:
  // `reactor` outlives it.
  explicit Background(Reactor& reactor);
  // As finish().
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Runs `work` on the thread, in the order given, then `done` on the reactor's thread. Both own or
  // share what they touch.
  void run(std::function<void()> work, Reactor::Callback done);

  // Waits for the work already given, whose results may never be told, and takes no more: what it
  // touched may go. On the reactor's thread, or when that has stopped.
  void finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blindai
