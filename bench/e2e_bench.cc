// A prediction from end to end against what it cannot be faster than, in one run, interleaved so
// that the machine's mood is the same for both:
//   a tiny model, against a bare TLS echo of the same sizes;
//   the tiny model over many connections at once;
//   EfficientNet-Lite0, against ONNX Runtime called in this process with the same threads;
//   resident memory of the server and of a worker before its model.
// Usage: e2e_bench [--quick] [MODEL.onnx]
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "bench/echo_floor.h"
#include "bench/engine_reference.h"
#include "enclave/infer/worker_pool.h"
#include "tests/onnx_builder.h"
#include "tests/running_server.h"
#include "tests/support/memory_model.h"

namespace blindai {
namespace {

using Samples = std::vector<double>;  // microseconds

double quantile(Samples samples, double q) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<size_t>(q * static_cast<double>(samples.size() - 1))];
}

double microseconds(std::chrono::nanoseconds t) {
  return static_cast<double>(t.count()) / 1e3;
}

void row(const char* what, const char* statistic, double value, double reference, const char* bar,
         double left, double right) {
  std::printf("%-34s %-4s %10.1f us  reference %10.1f us  %-28s %s\n", what, statistic, value,
              reference, bar, left <= right ? "holds" : "MISSED");
}

struct Call {
  std::string model;
  std::string input;
  std::vector<int64_t> shape;
  std::vector<float> data;
};

double predict(Connection& connection, const Call& call, double* run_us) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(call.data.data());
  const auto start = std::chrono::steady_clock::now();
  const Outcome<Prediction> answer =
      connection.predict(call.model,
                         {{call.input, Datatype::kFp32, call.shape,
                           BytesView(bytes, call.data.size() * sizeof(float))}},
                         {});
  const double total = microseconds(std::chrono::steady_clock::now() - start);
  if (!answer.has_value()) {
    std::fprintf(stderr, "%s\n", answer.error().sentence.c_str());
    std::abort();
  }
  if (run_us != nullptr) *run_us = microseconds(answer->inference_time);
  return total;
}

void upload(Connection& connection, const std::string& path, const std::string& id) {
  const Outcome<ModelInfo> uploaded = connection.upload_model(path, id, {});
  if (uploaded.has_value()) return;
  std::fprintf(stderr, "%s\n", uploaded.error().sentence.c_str());
  std::abort();
}

Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What a request and an answer of the tiny model take inside TLS: HTTP head, JSON and 64 bytes.
constexpr size_t kTinyRequestLen = 400;
constexpr size_t kTinyAnswerLen = 450;

void tiny(const std::string& bin, size_t rounds) {
  const std::string path = std::filesystem::temp_directory_path() / "blindai-bench-tiny.onnx";
  const Bytes model = onnx_builder::identity(Datatype::kFp32, {1, 16});
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(model.data()), static_cast<long>(model.size()));
  RunningServer server(bin);
  RunningServer sleepy(bin, {.linger_us = 0});
  const std::unique_ptr<Connection> connection = server.connect();
  const std::unique_ptr<Connection> sleepy_connection = sleepy.connect();
  std::printf("%-34s      %10.1f MiB  bar 30 MiB                              %s\n",
              "server, resident, no worker", static_cast<double>(server.resident_kib()) / 1024,
              server.resident_kib() <= 30 * 1024 ? "holds" : "MISSED");
  upload(*connection, path, "tiny");
  upload(*sleepy_connection, path, "tiny");
  EchoFloor floor(kTinyRequestLen, kTinyAnswerLen);
  const Call call{"tiny", "x", {1, 16}, std::vector<float>(16, 1.5f)};
  for (size_t i = 0; i < rounds / 10; ++i) {
    predict(*connection, call, nullptr);
    predict(*sleepy_connection, call, nullptr);
    floor.round_trip();
  }
  Samples ours;
  Samples without;
  Samples bare;
  Samples runs;
  // In blocks, so that each runs as it would alone, and alternating, so that both meet every mood.
  constexpr size_t kBlock = 200;
  for (size_t i = 0; i < rounds; i += kBlock) {
    for (size_t k = 0; k < kBlock; ++k) bare.push_back(microseconds(floor.round_trip()));
    for (size_t k = 0; k < kBlock; ++k) {
      double run = 0;
      ours.push_back(predict(*connection, call, &run));
      runs.push_back(run);
    }
    for (size_t k = 0; k < kBlock; ++k)
      without.push_back(predict(*sleepy_connection, call, nullptr));
  }
  row("tiny model, 1 connection", "p50", quantile(ours, 0.5), quantile(bare, 0.5),
      "at most reference + 50 us", quantile(ours, 0.5), quantile(bare, 0.5) + 50);
  row("tiny model, 1 connection", "p99", quantile(ours, 0.99), quantile(bare, 0.99),
      "at most reference + 200 us", quantile(ours, 0.99), quantile(bare, 0.99) + 200);
  std::printf("%-34s p50  %10.1f us  (inside ONNX Runtime)\n", "", quantile(runs, 0.5));
  std::printf("%-34s p50  %10.1f us  p99 %10.1f us\n", "the same with --linger 0",
              quantile(without, 0.5), quantile(without, 0.99));
  std::filesystem::remove(path);
}

// Many users at once, each with a connection and a thread of their own, on a tiny model: what the
// server's one loop and the worker carry, and how long the slowest wait.
void load(const std::string& bin, size_t rounds) {
  const std::string path = std::filesystem::temp_directory_path() / "blindai-bench-tiny.onnx";
  const Bytes model = onnx_builder::identity(Datatype::kFp32, {1, 16});
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(model.data()), static_cast<long>(model.size()));
  RunningServer server(bin, {.run_threads = 2});
  upload(*server.connect(), path, "tiny");
  std::filesystem::remove(path);
  const Call call{"tiny", "x", {1, 16}, std::vector<float>(16, 1.5f)};
  for (const size_t users : {1u, 4u, 16u, 64u}) {
    std::vector<std::unique_ptr<Connection>> connections;
    for (size_t i = 0; i < users; ++i) {
      connections.push_back(server.connect());
      predict(*connections.back(), call, nullptr);
    }
    std::vector<Samples> samples(users);
    std::vector<std::thread> threads;
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < users; ++i)
      threads.emplace_back([&, i] {
        for (size_t k = 0; k < std::max<size_t>(1, rounds / users); ++k)
          samples[i].push_back(predict(*connections[i], call, nullptr));
      });
    for (std::thread& thread : threads) thread.join();
    const double seconds = microseconds(std::chrono::steady_clock::now() - start) / 1e6;
    Samples all;
    for (const Samples& one : samples) all.insert(all.end(), one.begin(), one.end());
    std::printf("%-34s      %10.0f predictions/s       p50 %8.1f us  p99 %8.1f us\n",
                ("tiny model, " + std::to_string(users) + " connection(s)").c_str(),
                static_cast<double>(all.size()) / seconds, quantile(all, 0.5), quantile(all, 0.99));
  }
}

void efficientnet(const std::string& bin, const std::string& path, size_t rounds) {
  const Bytes model = read_file(path);
  if (model.empty()) {
    std::printf("EfficientNet-Lite0: skipped, %s is not there (./dev demo makes it)\n",
                path.c_str());
    return;
  }
  constexpr size_t kElements = size_t{3} * 224 * 224;
  for (const int threads : {1, 2}) {
    RunningServer server(bin, {.intra_op_threads = threads});
    const std::unique_ptr<Connection> connection = server.connect();
    upload(*connection, path, "lite0");
    EngineReference reference(bin + "/libonnxruntime.so.1.28.0", model, "input", {1, 3, 224, 224},
                              "output", threads);
    EchoFloor floor(kElements * sizeof(float) + 400, 4000 + 450);
    Call call{"lite0", "input", {1, 3, 224, 224}, std::vector<float>(kElements, 0.25f)};
    for (int i = 0; i < 5; ++i) {
      predict(*connection, call, nullptr);
      reference.run(call.data);
      floor.round_trip();
    }
    Samples ours;
    Samples bare;
    Samples runs;
    Samples outside;
    Samples transport;
    constexpr size_t kBlock = 10;
    for (size_t i = 0; i < rounds; i += kBlock) {
      for (size_t k = 0; k < kBlock; ++k) bare.push_back(microseconds(reference.run(call.data)));
      for (size_t k = 0; k < kBlock; ++k) {
        double run = 0;
        ours.push_back(predict(*connection, call, &run));
        runs.push_back(run);
        outside.push_back(ours.back() - run);
      }
      for (size_t k = 0; k < kBlock; ++k) transport.push_back(microseconds(floor.round_trip()));
    }
    const std::string what = "EfficientNet-Lite0, " + std::to_string(threads) + " thread(s)";
    const double ratio = quantile(ours, 0.5) / quantile(bare, 0.5);
    row(what.c_str(), "p50", quantile(ours, 0.5), quantile(bare, 0.5), "at most 1.05 x reference",
        ratio, 1.05);
    std::printf(
        "%-34s ratio %.3f; inside ONNX Runtime %.1f us, outside %.1f us; bare TLS echo of the same "
        "bytes %.1f us\n",
        "", ratio, quantile(runs, 0.5), quantile(outside, 0.5), quantile(transport, 0.5));
  }
}

void worker_memory(const std::string& bin) {
  const std::unique_ptr<Reactor> reactor = Reactor::create();
  WorkerOptions options;
  options.worker_path = bin + "/blindai-worker";
  options.engine_path = bin + "/libonnxruntime.so.1.28.0";
  WorkerPool pool(*reactor, std::move(options), {});
  const Bytes model = onnx_builder::identity(Datatype::kFp32, {1, 16});
  uint64_t resident = 0;
  pool.get(
      {},
      [&model]() -> Result<WorkerPool::Model> {
        return WorkerPool::Model{std::make_unique<MemoryModel>(model), model.size()};
      },
      [&](Outcome<std::shared_ptr<Worker>> worker) {
        if (worker.has_value()) resident = (*worker)->resident_bytes_before_model();
        reactor->stop();
      });
  reactor->run();
  std::printf("%-34s      %10.1f MiB  bar 30 MiB                              %s\n",
              "worker, resident, before its model", static_cast<double>(resident) / (1 << 20),
              resident > 0 && resident <= (30u << 20) ? "holds" : "MISSED");
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  bool quick = false;
  std::string model = BLINDAI_SOURCE_DIR "/.cache/models/efficientnet_lite0.onnx";
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--quick")
      quick = true;
    else
      model = argv[i];
  }
  const std::string bin = BLINDAI_BINARY_DIR "/bin";
  blindai::worker_memory(bin);
  blindai::tiny(bin, quick ? 2000 : 20000);
  blindai::load(bin, quick ? 4000 : 40000);
  blindai::efficientnet(bin, model, quick ? 50 : 300);
  return 0;
}
