#include "net/background.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace blindai {

class Background::Impl {
 public:
  explicit Impl(Reactor& reactor) : reactor_(reactor), thread_([this] { loop(); }) {}

  ~Impl() { finish(); }

  void finish() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void add(std::function<void()> work, Reactor::Callback done) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      queue_.emplace_back(std::move(work), std::move(done));
    }
    changed_.notify_one();
  }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [work, done] = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      reactor_.post(std::move(done));
      lock.lock();
    }
  }

  Reactor& reactor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::function<void()>, Reactor::Callback>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

Background::Background(Reactor& reactor) : impl_(std::make_unique<Impl>(reactor)) {}
Background::~Background() = default;
void Background::run(std::function<void()> work, Reactor::Callback done) {
  impl_->add(std::move(work), std::move(done));
}

void Background::finish() {
  impl_->finish();
}

}  // namespace blindai
