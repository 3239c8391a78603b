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
  // Finishes the work already given; the results of it are dropped.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Runs `work` on the thread, in the order given, then `done` on the reactor's thread. Both own or
  // share what they touch.
  void run(std::function<void()> work, Reactor::Callback done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blindai
