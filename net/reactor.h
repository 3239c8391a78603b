// One event loop for one thread: sockets, timers, and work posted from elsewhere.
//
//   auto reactor = Reactor::create();
//   auto watch = reactor->watch(fd);
//   watch->when_readable([&] { ... });    // once; ask again for the next time
//   reactor->run();
//
// Callbacks run on the thread that calls run(), one after the other, never inside the call that
// asked for them. Destroying a Watch or Timer drops its callbacks: none runs afterwards.
// Boost.Asio's reactor does the work and stays out of this header.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace blindai {

class Reactor {
 public:
  using Callback = std::function<void()>;
  using Clock = std::chrono::steady_clock;

  // Waits for one descriptor, which it borrows: the owner destroys the Watch before closing the fd.
  class Watch {
   public:
    virtual ~Watch() = default;
    // Each fires once. Asking while an earlier wait of the same kind is pending replaces it.
    virtual void when_readable(Callback callback) = 0;
    virtual void when_writable(Callback callback) = 0;
    virtual void cancel() = 0;
  };

  class Timer {
   public:
    virtual ~Timer() = default;
    // Fires once, unless cancelled or set again first.
    virtual void after(Clock::duration delay, Callback callback) = 0;
    virtual void cancel() = 0;
  };

  // `linger`: after an event the loop keeps asking for the next one for so long, giving way to any
  // other process that can run, before it sleeps. Waking a sleeping thread costs tens of
  // microseconds on a virtual machine, which is what a small model's whole prediction takes
  // (docs/adr/0004-lingering-reactor.md). An idle loop sleeps all the same.
  static std::unique_ptr<Reactor> create(Clock::duration linger = Clock::duration::zero());
  virtual ~Reactor() = default;

  virtual std::unique_ptr<Watch> watch(int fd) = 0;
  virtual std::unique_ptr<Timer> timer() = 0;
  // From any thread: runs the callback on the loop's thread, soon.
  virtual void post(Callback callback) = 0;
  // On the loop's thread: an event is expected within `time`, so the loop does not sleep before
  // that. Gives way to other processes like lingering, and does nothing in a loop that does not
  // linger.
  virtual void stay_awake(Clock::duration time) = 0;
  // Returns after stop(). May be called again.
  virtual void run() = 0;
  // From any thread.
  virtual void stop() = 0;
};

}  // namespace blindai
