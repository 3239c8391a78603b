// What the sandbox of a worker costs.
//   1. From the start of a worker to its tiny model loaded, sandbox included: at most 40 ms.
//   2. One request, against the same worker without a sandbox: at most 1.01 times as long. Spoken
//   to
//      directly, without the server, so that nothing hides the difference: one buffer, one job at a
//      time, on one processor. Both take turns of a few hundred requests, so that the machine's
//      mood is the same.
// Usage: sandbox_bench [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <poll.h>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "enclave/infer/child_process.h"
#include "enclave/infer/shared_memory.h"
#include "enclave/infer/worker.h"
#include "tests/onnx_builder.h"
#include "tests/support/memory_model.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;
using Clock = std::chrono::steady_clock;
using Samples = std::vector<double>;

constexpr int kBlock = 200;

std::string engine_library() {
  return BLINDAI_SOURCE_DIR "/.cache/onnxruntime/lib/libonnxruntime.so.1.28.0";
}

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double quantile(Samples samples, double q) {
  std::ranges::sort(samples);
  return samples[static_cast<size_t>(q * static_cast<double>(samples.size() - 1))];
}

// A worker process and its protocol, without the server around it.
class BareWorker {
 public:
  BareWorker(const char* program, Bytes model) {
    auto started = ChildProcess::start(
        *reactor_, {.program = std::string(BLINDAI_BINARY_DIR "/bin/") + program,
                    .arguments = {.library = engine_library()},
                    .scratch_directory = "/tmp"});
    BLINDAI_CHECK(started.has_value());
    process_ = std::move(*started);
    expect(wp::Type::kReady);
    Result<OwnedFd> file = create_memfd("blindai-bench");
    BLINDAI_CHECK(file.has_value() && write(file->get(), model.data(), model.size()) ==
                                          static_cast<ssize_t>(model.size()));
    BLINDAI_CHECK(seal_memfd(file->get(), true).has_value());
    send(wp::Load{.model_bytes = model.size()}, file->get());
    expect(wp::Type::kLoaded);
    auto buffer = SharedMemory::create(kBuffer);
    BLINDAI_CHECK(buffer.has_value());
    buffer_ = std::move(*buffer);
    run_.buffer = 1;
    run_.buffer_bytes = kBuffer;
    run_.output_offset = kBuffer / 2;
    run_.output_length = kBuffer / 2;
    run_.outputs = {0};
  }
  void set_input(wp::TensorPlace place, BytesView data) {
    run_.inputs = {std::move(place)};
    std::ranges::copy(data, buffer_->view().begin());
  }

  double call() {
    ++run_.job;
    const Clock::time_point start = Clock::now();
    send(run_, run_.job == 1 ? buffer_->fd() : -1);
    expect(wp::Type::kDone);
    return microseconds_since(start);
  }

 private:
  static constexpr uint64_t kBuffer = 1 << 20;

  template <typename T>
  void send(const T& message, int fd) {
    wp::encode(message, out_);
    BLINDAI_CHECK(send_packet(process_->socket(), out_, fd, true) == SendResult::kSent);
  }
  void expect(wp::Type type) {
    pollfd ready = {process_->socket(), POLLIN, 0};
    BLINDAI_CHECK(poll(&ready, 1, 60'000) == 1);
    const Received received = receive_packet(process_->socket(), storage_);
    BLINDAI_CHECK(received.state == Received::State::kMessage);
    const auto got = wp::type_of(BytesView(storage_).first(received.size));
    BLINDAI_CHECK(got.has_value() && *got == type);
  }

  std::unique_ptr<Reactor> reactor_ = Reactor::create();
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<SharedMemory> buffer_;
  wp::Run run_;
  Bytes out_;
  std::vector<uint8_t> storage_ = std::vector<uint8_t>(wp::kMaxMessage);
};

// Here and in the workers started from here: which processor a process lands on would otherwise
// decide more than what is measured.
void stay_on_one_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
  BLINDAI_CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

Samples block_of(BareWorker& worker) {
  Samples out;
  for (int i = 0; i < kBlock; ++i) out.push_back(worker.call());
  return out;
}

struct Case {
  const char* what;
  Bytes model;
  wp::TensorPlace input;
  Bytes data;
};

// Several pairs of fresh processes, since where their memory comes to lie differs too; of each
// block the median, of each pair of blocks the difference.
void compare(const Case& tried, int rounds) {
  constexpr int kPairs = 10;
  Samples closed;
  Samples open;
  Samples differences;
  for (int pair = 0; pair < kPairs; ++pair) {
    BareWorker with("blindai-worker", tried.model);
    BareWorker without("blindai-open-worker", tried.model);
    for (BareWorker* worker : {&with, &without}) {
      worker->set_input(tried.input, tried.data);
      block_of(*worker);
    }
    for (int block = 0; block < rounds / kBlock / kPairs; ++block) {
      // Whoever comes first in a pair has the other's caches to warm.
      const bool closed_first = block % 2 == 0;
      const double first = quantile(block_of(closed_first ? with : without), 0.5);
      const double second = quantile(block_of(closed_first ? without : with), 0.5);
      closed.push_back(closed_first ? first : second);
      open.push_back(closed_first ? second : first);
      differences.push_back(closed.back() - open.back());
    }
  }
  const double cost = quantile(differences, 0.5);
  const double ratio = 1 + cost / quantile(open, 0.5);
  std::printf(
      "%-38s p50 %8.2f us  without sandbox %8.2f us  cost %6.3f us  ratio %.3f  bar 1.01  %s\n",
      tried.what, quantile(closed, 0.5), quantile(open, 0.5), cost, ratio,
      ratio <= 1.01 ? "holds" : "MISSED");
}

// As the server does it.
double start_to_loaded(WorkerHost& host, const Bytes& model) {
  const Clock::time_point start = Clock::now();
  double taken = 0;
  const auto worker = Worker::start(host, std::make_unique<MemoryModel>(model), model.size(),
                                    [&](Outcome<void> started) {
                                      BLINDAI_CHECK(started.has_value());
                                      taken = microseconds_since(start);
                                      host.reactor().stop();
                                    });
  host.reactor().run();
  return taken / 1000;
}

double open_start_to_ready() {
  const Clock::time_point start = Clock::now();
  const BareWorker worker("blindai-open-worker", onnx_builder::add({1}));
  return microseconds_since(start) / 1000;
}

void starts(const Bytes& model) {
  const std::unique_ptr<Reactor> reactor = Reactor::create();
  WorkerOptions options;
  options.worker_path = BLINDAI_BINARY_DIR "/bin/blindai-worker";
  options.engine_path = engine_library();
  options.address_space_bytes = 16ULL << 30;
  options.cpu_seconds = 1'000'000;
  WorkerHost host(*reactor, options);
  Samples closed;
  Samples open;
  for (int i = 0; i < 60; ++i) {
    closed.push_back(start_to_loaded(host, model));
    open.push_back(open_start_to_ready());
  }
  const double median = quantile(closed, 0.5);
  std::printf("%-38s p50 %8.2f ms  without sandbox %8.2f ms  bar 40 ms  %s\n",
              "worker, start to tiny model loaded", median, quantile(open, 0.5),
              median <= 40 ? "holds" : "MISSED");
  std::printf("%-38s p90 %8.2f ms  without sandbox %8.2f ms\n",
              "worker, start to tiny model loaded", quantile(closed, 0.9), quantile(open, 0.9));
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  using namespace blindai;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 40'000;
  const Bytes tiny = onnx_builder::identity(Datatype::kFp32, {1, 16});
  starts(tiny);
  stay_on_one_processor();
  compare({"tiny model, one request", tiny, {0, Datatype::kFp32, {1, 16}, 0, 64}, Bytes(64, 0)},
          rounds);
  compare({"outputs of 256 KiB, one request",
           onnx_builder::zeros_of_shape(),
           {0, Datatype::kInt64, {1}, 0, 8},
           {0, 0, 1, 0, 0, 0, 0, 0}},  // 65,536 numbers
          rounds);
}
