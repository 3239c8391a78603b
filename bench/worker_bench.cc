// What it costs to have the model in another process.
//   1. Ways to wake the worker (docs/adr/0002-worker-wakeups.md), with a stand-in for it: three
//      processes, client, server and worker, as in a request; interleaved, so that the machine's
//      mood is the same for all.
//   2. A real worker with a tiny model, from run() to its callback.
// Usage: worker_bench [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "enclave/infer/worker.h"
#include "tests/onnx_builder.h"
#include "tests/support/memory_model.h"

namespace blindai {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using Samples = std::vector<double>;  // microseconds

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void row(const std::string& what, Samples samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double q) {
    return samples[static_cast<size_t>(q * static_cast<double>(samples.size() - 1))];
  };
  std::printf("%-44s p50 %7.1f  p90 %7.1f  p99 %7.1f us\n", what.c_str(), at(0.5), at(0.9),
              at(0.99));
}

void busy(microseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (Clock::now() < end) continue;
}

enum class Way { kNone, kPacket, kEvent, kPipe, kPacketSpin, kPacketYield };

// One direction between server and worker.
class Line {
 public:
  explicit Line(Way way) : way_(way) {
    int ends[2] = {eventfd(0, 0), -1};
    if (way == Way::kPipe) {
      if (pipe2(ends, O_DIRECT) != 0) std::abort();
    } else if (way != Way::kEvent) {
      if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) std::abort();
    } else {
      ends[1] = ends[0];
    }
    read_ = ends[0];
    write_ = ends[1];
  }
  int fd() const { return read_; }
  void wake() {
    uint64_t message[16] = {1};
    const size_t size = way_ == Way::kEvent ? 8 : sizeof message;
    if (write(write_, message, size) < 0) std::abort();
  }
  void wait(microseconds spin) {
    uint64_t message[16];
    if (spin.count() > 0) {
      const Clock::time_point end = Clock::now() + spin;
      do {
        if (recv(read_, message, sizeof message, MSG_DONTWAIT) > 0) return;
        if (way_ == Way::kPacketYield) sched_yield();
      } while (Clock::now() < end);
    }
    if (read(read_, message, sizeof message) <= 0) _exit(0);
  }

 private:
  Way way_;
  int read_;
  int write_;
};

// Client and server talk over a stream, as TLS would; the server waits with epoll, as the reactor
// does.
class Chain {
 public:
  Chain(Way way, microseconds spin) : to_worker_(way), to_server_(way) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, client_) != 0) std::abort();
    worker_ = fork();
    if (worker_ == 0) {
      for (;;) {
        to_worker_.wait(spin);
        busy(microseconds(3));
        to_server_.wake();
      }
    }
    server_ = fork();
    if (server_ == 0) serve(way);
  }
  ~Chain() {
    kill(worker_, SIGKILL);
    kill(server_, SIGKILL);
    waitpid(worker_, nullptr, 0);
    waitpid(server_, nullptr, 0);
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  double call() {
    char message[64] = {};
    const Clock::time_point start = Clock::now();
    if (write(client_[0], message, sizeof message) < 0) std::abort();
    if (read(client_[0], message, sizeof message) <= 0) std::abort();
    return since(start);
  }

 private:
  [[noreturn]] void serve(Way way) {
    const int poll = epoll_create1(0);
    for (int fd : {client_[1], to_server_.fd()}) {
      epoll_event event = {EPOLLIN, {.fd = fd}};
      epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
    char message[64];
    for (;;) {
      epoll_event event = {};
      if (epoll_wait(poll, &event, 1, -1) != 1) continue;
      if (event.data.fd == client_[1]) {
        if (read(client_[1], message, sizeof message) <= 0) _exit(0);
        busy(microseconds(5));
        if (way != Way::kNone) {
          to_worker_.wake();
          continue;
        }
      } else {
        to_server_.wait(microseconds(0));
      }
      busy(microseconds(5));
      if (write(client_[1], message, sizeof message) < 0) _exit(0);
    }
  }

  Line to_worker_;
  Line to_server_;
  int client_[2];
  pid_t worker_;
  pid_t server_;
};

void compare_wakeups(int rounds) {
  struct Variant {
    const char* name;
    Way way;
    int spin_us;
  };
  constexpr Variant kVariants[] = {
      {"no worker: the server answers itself", Way::kNone, 0},
      {"packet socket, worker blocks", Way::kPacket, 0},
      {"eventfd, worker blocks", Way::kEvent, 0},
      {"packet pipe, worker blocks", Way::kPipe, 0},
      {"packet socket, worker spins 50 us", Way::kPacketSpin, 50},
      {"packet socket, worker yields 20 us", Way::kPacketYield, 20},
      {"packet socket, worker yields 50 us", Way::kPacketYield, 50},
  };
  std::map<std::string, Samples> samples;
  for (int turn = 0; turn < 10; ++turn) {
    for (const Variant& variant : kVariants) {
      Chain chain(variant.way, microseconds(variant.spin_us));
      for (int i = 0; i < 50; ++i) chain.call();
      for (int i = 0; i < rounds / 10; ++i) samples[variant.name].push_back(chain.call());
    }
  }
  std::puts("client - server - worker, without TLS (server busy 10 us, worker 3 us):");
  for (const Variant& variant : kVariants) row(variant.name, samples[variant.name]);
}

class RealWorker {
 public:
  RealWorker() : host_(*reactor_, options()) {
    const Bytes model = onnx_builder::identity(Datatype::kFp32, {1, 16});
    worker_ = Worker::start(host_, std::make_unique<MemoryModel>(model), model.size(),
                            [this](Outcome<void> started) {
                              if (!started) std::abort();
                              reactor_->stop();
                            });
    reactor_->run();
  }
  void measure(int rounds) {
    left_ = rounds;
    reactor_->post([this] { next(); });
    reactor_->run();
    row("tiny model, run() to its callback", total_);
    row("  of that, inside ONNX Runtime", inside_);
    std::printf("worker: %.1f MB resident before its model\n",
                static_cast<double>(worker_->resident_bytes_before_model()) / 1e6);
  }

 private:
  static WorkerOptions options() {
    WorkerOptions out;
    out.worker_path = BLINDAI_BINARY_DIR "/bin/blindai-worker";
    out.engine_path = BLINDAI_SOURCE_DIR "/.cache/onnxruntime/lib/libonnxruntime.so.1.28.0";
    return out;
  }
  void next() {
    if (left_-- == 0) return reactor_->stop();
    const Clock::time_point start = Clock::now();
    RunRequest request;
    request.buffer = std::move(*worker_->buffer(64));
    request.inputs = {{0, Datatype::kFp32, {1, 16}, 0, 64}};
    worker_->run(std::move(request), [this, start](Outcome<RunResult> result) {
      if (!result) std::abort();
      total_.push_back(since(start));
      inside_.push_back(static_cast<double>(result->run_ns) / 1e3);
      next();
    });
  }

  std::unique_ptr<Reactor> reactor_ = Reactor::create();
  WorkerHost host_;
  std::unique_ptr<Worker> worker_;
  Samples total_;
  Samples inside_;
  int left_ = 0;
};

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20'000;
  blindai::compare_wakeups(rounds);
  blindai::RealWorker().measure(rounds);
}
