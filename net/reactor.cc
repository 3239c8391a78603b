#include "net/reactor.h"

#include <algorithm>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace blindai {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

class AsioWatch final : public Reactor::Watch {
 public:
  AsioWatch(asio::io_context& io, int fd) : state_(std::make_shared<State>(io, fd)) {}
  // release() leaves the fd open and its status flags as they are; it belongs to the caller.
  ~AsioWatch() override {
    cancel();
    state_->descriptor.release();
  }
  AsioWatch(const AsioWatch&) = delete;
  AsioWatch& operator=(const AsioWatch&) = delete;

  void when_readable(Reactor::Callback callback) override {
    wait(Descriptor::wait_read, state_->read, std::move(callback));
  }
  void when_writable(Reactor::Callback callback) override {
    wait(Descriptor::wait_write, state_->write, std::move(callback));
  }
  void cancel() override {
    state_->read = {};
    state_->write = {};
    boost::system::error_code ignored;
    state_->descriptor.cancel(ignored);
  }

 private:
  struct Slot {
    Reactor::Callback callback;
    bool pending = false;
  };
  struct State {
    State(asio::io_context& io, int fd) : descriptor(io, fd) {}
    Descriptor descriptor;
    Slot read;
    Slot write;
  };

  // The handler holds the state weakly: after the Watch is gone it finds nothing to call.
  void wait(Descriptor::wait_type type, Slot& slot, Reactor::Callback callback) {
    slot.callback = std::move(callback);
    if (slot.pending) return;
    slot.pending = true;
    state_->descriptor.async_wait(
        type, [weak = std::weak_ptr(state_), type](const boost::system::error_code& error) {
          auto state = weak.lock();
          if (state == nullptr) return;
          Slot& fired = type == Descriptor::wait_read ? state->read : state->write;
          if (error) return;  // cancelled: the slot was reset already, or is being waited on anew
          fired.pending = false;
          if (auto run = std::exchange(fired.callback, nullptr)) run();
        });
  }

  std::shared_ptr<State> state_;
};

class AsioTimer final : public Reactor::Timer {
 public:
  explicit AsioTimer(asio::io_context& io) : timer_(io) {}

  void after(Reactor::Clock::duration delay, Reactor::Callback callback) override {
    current_ = std::make_shared<Reactor::Callback>(std::move(callback));
    timer_.expires_after(delay);
    timer_.async_wait([weak = std::weak_ptr(current_)](const boost::system::error_code& error) {
      auto run = weak.lock();
      if (!error && run != nullptr && *run) (*run)();
    });
  }
  void cancel() override {
    current_.reset();
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<Reactor::Callback> current_;
};

class AsioReactor final : public Reactor {
 public:
  explicit AsioReactor(Clock::duration linger) : linger_(linger) {}

  std::unique_ptr<Watch> watch(int fd) override { return std::make_unique<AsioWatch>(io_, fd); }
  std::unique_ptr<Timer> timer() override { return std::make_unique<AsioTimer>(io_); }
  void post(Callback callback) override { asio::post(io_, std::move(callback)); }
  void run() override {
    io_.restart();
    auto guard = asio::make_work_guard(io_);
    while (!io_.stopped()) {
      io_.run_one();
      if (linger_ > Clock::duration::zero()) linger();
    }
  }
  void stay_awake(Clock::duration time) override { awake_until_ = Clock::now() + time; }
  void stop() override { io_.stop(); }

 private:
  // A yield that took so long gave the processor to somebody who computes.
  static constexpr std::chrono::microseconds kLongYield{500};
  // How long the loop then sleeps when it has nothing to do, like any other program. Losing a slice
  // once in that time is rare enough to be seen by no percentile.
  static constexpr std::chrono::seconds kCrowded{1};

  // Serves what comes until nothing has come for a while.
  void linger() {
    Clock::time_point now = Clock::now();
    Clock::time_point end = std::max(now + linger_, awake_until_);
    while (!io_.stopped() && now < end && now >= crowded_until_) {
      if (io_.poll() > 0) {
        now = Clock::now();
        end = std::max(now + linger_, awake_until_);
        continue;
      }
      ::sched_yield();
      const Clock::time_point yielded = std::exchange(now, Clock::now());
      if (now - yielded > kLongYield) crowded_until_ = now + kCrowded;
    }
  }

  const Clock::duration linger_;
  Clock::time_point awake_until_;
  Clock::time_point crowded_until_;
  asio::io_context io_{1};
};

}  // namespace

std::unique_ptr<Reactor> Reactor::create(Clock::duration linger) {
  return std::make_unique<AsioReactor>(linger);
}

}  // namespace blindai
