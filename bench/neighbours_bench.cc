// What others cost a well-behaved caller, in one run against its own baseline:
//   9,990 idle connections (of the 10,000 that there are): the server's memory, and the caller's
//   latency;
//   hostile models that loop for ever, multiply for ever and ask for 4 GB, all at once: the
//   caller's p99. Without a bar: they are more work than two processors do.
// With --attacks: the caller's p99 beside each model of a folder that tests/hostile/corpus.py
// wrote, uploaded and then run again and again, or uploaded again and again where it is refused.
// bench/hostile_neighbours.py writes the folder.
// Usage: neighbours_bench [--quick]      (--quick: 1,000 connections)
//        neighbours_bench --attacks DIRECTORY
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "net/http_client.h"
#include "tests/onnx_builder.h"
#include "tests/running_server.h"

namespace blindai {
namespace {

using Samples = std::vector<double>;  // microseconds

constexpr const char* kGood =
    R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";

// A quarter of a millisecond of arithmetic on one processor.
constexpr const char* kProduct =
    R"({"inputs":[{"name":"n","shape":[2],"datatype":"INT64","data":[200,200]}]})";

double quantile(Samples samples, double q) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<size_t>(q * static_cast<double>(samples.size() - 1))];
}

class Caller {
 public:
  explicit Caller(const std::string& address)
      : tls_(TlsClientContext::create()),
        client_(HttpClient::connect(address, *tls_, {}, nullptr).value()) {}
  // The status.
  unsigned ask(const std::string& method, const std::string& target, BytesView body) {
    return client_->send({.method = method, .target = target, .fields = {}, .body = {body}})
        .value()
        .status;
  }
  void upload(const std::string& id, const Bytes& model) {
    BLINDAI_CHECK(ask("PUT", "/v1/models/" + id, model) == 201);
  }
  Samples predict(size_t times) {
    Samples out;
    for (size_t i = 0; i < times; ++i) {
      const auto start = std::chrono::steady_clock::now();
      BLINDAI_CHECK(ask("POST", "/v2/models/good/infer", as_bytes(kGood)) == 200);
      out.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
              .count());
    }
    return out;
  }

 private:
  std::unique_ptr<TlsClientContext> tls_;
  std::unique_ptr<HttpClient> client_;
};

RunningServerOptions server_options() {
  return {.config = "allow_anonymous_upload = true\nrun_time_s = 1\nload_time_s = 20\n",
          // The server's own defaults.
          .run_threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
}

const char* verdict(bool holds) {
  return holds ? "holds" : "MISSED";
}

// As many as the machine allows, with room for what else is open here.
size_t allowed_connections(size_t wanted) {
  rlimit files{};
  BLINDAI_CHECK(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  constexpr size_t kOther = 100;
  const size_t most = files.rlim_max > kOther ? files.rlim_max - kOther : 0;
  if (most < wanted)
    std::printf("the machine allows %zu open files: %zu connections instead of %zu\n",
                static_cast<size_t>(files.rlim_max), most, wanted);
  return std::min(most, wanted);
}

void measure_idle(const RunningServer& server, Caller& caller, size_t wanted, size_t times) {
  const size_t count = allowed_connections(wanted);
  (void)caller.predict(times / 4);
  const uint64_t kib_before = server.resident_kib();
  const Samples before = caller.predict(times);
  const auto tls = TlsClientContext::create();
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (size_t i = 0; i < count; ++i) {
    auto connection = HttpClient::connect(server.address(), *tls, {}, nullptr);
    if (!connection.has_value()) {
      std::printf("connection %zu failed: %s\n", i, connection.error().describe().c_str());
      break;
    }
    idle.push_back(std::move(*connection));
  }
  const Samples during = caller.predict(times);
  const double mib = static_cast<double>(server.resident_kib() - kib_before) / 1024;
  const double most = 250.0 * static_cast<double>(idle.size()) / 10'000;
  std::printf("%zu idle connections: %.1f MiB in the server (bar %.1f)  %s\n", idle.size(), mib,
              most, verdict(mib <= most));
  idle.clear();
  const Samples after = caller.predict(times);
  // The machine's mood: the better of before and after would flatter nobody.
  const double p50 = std::max(quantile(before, 0.5), quantile(after, 0.5));
  std::printf("p50 %.1f us with them, %.1f before, %.1f after (bar 1.10 of those)  %s\n",
              quantile(during, 0.5), quantile(before, 0.5), quantile(after, 0.5),
              verdict(quantile(during, 0.5) <= 1.1 * p50));
}

void measure_hostile(const RunningServer& server, Caller& caller, size_t times) {
  caller.upload("loop", onnx_builder::loop());
  caller.upload("product", onnx_builder::long_product());
  caller.upload("zeros", onnx_builder::zeros_of_shape());
  const Samples baseline = caller.predict(times);
  std::atomic<bool> stopped = false;
  std::atomic<size_t> attacks = 0;
  const auto attack = [&](const char* id, std::string request) {
    return std::thread([&, id, request = std::move(request)] {
      Caller hostile(server.address());
      while (!stopped) {
        BLINDAI_CHECK(hostile.ask("POST", std::string("/v2/models/") + id + "/infer",
                                  as_bytes(request)) >= 400);
        ++attacks;
      }
    });
  };
  std::vector<std::thread> threads;
  threads.push_back(attack(
      "loop", R"({"inputs":[{"name":"n","shape":[],"datatype":"INT64","data":[1000000000000]},)"
              R"({"name":"x","shape":[1],"datatype":"FP32","data":[0]}],)"
              R"("parameters":{"timeout":300000}})"));
  threads.push_back(attack(
      "product", R"({"inputs":[{"name":"n","shape":[2],"datatype":"INT64","data":[8000,8000]}],)"
                 R"("parameters":{"timeout":300000}})"));
  threads.push_back(attack(
      "zeros",
      R"({"inputs":[{"name":"shape","shape":[1],"datatype":"INT64","data":[1000000000]}]})"));
  const Samples beside = caller.predict(times);
  stopped = true;
  for (std::thread& thread : threads) thread.join();
  const double ratio = quantile(beside, 0.99) / quantile(baseline, 0.99);
  std::printf("beside %zu hostile runs, three at once: p99 %.1f us, alone %.1f us: %.2f times\n",
              attacks.load(), quantile(beside, 0.99), quantile(baseline, 0.99), ratio);
}

Bytes contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What happened to one hostile model while the caller predicted.
struct Attacked {
  unsigned upload = 0;               // status of its first upload
  std::map<unsigned, size_t> after;  // of what came then: how often each status
};

// Uploads and runs, until told to stop and at least once.
Attacked attack_with(Caller& hostile, const Bytes& model, const Bytes& request,
                     const std::atomic<bool>& stopped) {
  Attacked out;
  out.upload = hostile.ask("PUT", "/v1/models/hostile", model);
  const bool taken = out.upload == 201;
  do {
    ++out.after[taken ? hostile.ask("POST", "/v2/models/hostile/infer", request)
                      : hostile.ask("PUT", "/v1/models/hostile", model)];
  } while (!stopped);
  if (taken) BLINDAI_CHECK(hostile.ask("DELETE", "/v1/models/hostile", {}) == 200);
  return out;
}

// The ratio of the caller's p99 beside the attack to its p99 before and after. On a server of its
// own, where no earlier attack delays this one.
double measure_attack(const std::string& name, const Bytes& model, const Bytes& request) {
  constexpr size_t kTimes = 4'000;
  constexpr size_t kAtOnce = 100;
  const RunningServer server(BLINDAI_BINARY_DIR "/bin", server_options());
  Caller caller(server.address());
  caller.upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  (void)caller.predict(kTimes / 4);
  Samples alone = caller.predict(kTimes);
  std::atomic<bool> stopped = false;
  std::atomic<bool> ended = false;
  Attacked attacked;
  std::thread thread([&] {
    Caller hostile(server.address());
    attacked = attack_with(hostile, model, request, stopped);
    ended = true;
  });
  Samples beside;
  const auto predict_some = [&] {
    const Samples more = caller.predict(kAtOnce);
    beside.insert(beside.end(), more.begin(), more.end());
  };
  while (beside.size() < kTimes) predict_some();
  stopped = true;
  while (!ended) predict_some();
  thread.join();
  const Samples after = caller.predict(kTimes);
  alone.insert(alone.end(), after.begin(), after.end());
  const double ratio = quantile(beside, 0.99) / quantile(alone, 0.99);
  std::printf("%-34s p99 %7.1f us, alone %7.1f us: %6.2f times  %-6s  upload %u, then",
              name.c_str(), quantile(beside, 0.99), quantile(alone, 0.99), ratio,
              verdict(ratio <= 3), attacked.upload);
  for (const auto& [status, times] : attacked.after) std::printf(" %zu x %u", times, status);
  std::printf("\n");
  std::fflush(stdout);
  return ratio;
}

void measure_attacks(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  BLINDAI_CHECK(!files.empty());
  std::sort(files.begin(), files.end());
  std::printf("For comparison, honest callers who ask as fast as they are answered:\n");
  measure_attack("identity", onnx_builder::identity(Datatype::kFp32, {-1, 4}),
                 to_bytes(as_bytes(kGood)));
  measure_attack("product", onnx_builder::long_product(), to_bytes(as_bytes(kProduct)));
  std::printf("Attacks:\n");
  Samples ratios;
  for (const auto& file : files)
    ratios.push_back(measure_attack(
        file.stem(), contents_of(file),
        contents_of(std::filesystem::path(file).replace_extension(".request.json"))));
  const auto held =
      std::count_if(ratios.begin(), ratios.end(), [](double ratio) { return ratio <= 3; });
  std::printf("%zu attacks: p99 within 3 times its own beside %td; median %.2f times, worst %.2f\n",
              ratios.size(), held, quantile(ratios, 0.5), quantile(ratios, 1));
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  using namespace blindai;
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const bool attacks = argc > 2 && std::strcmp(argv[1], "--attacks") == 0;
  if (attacks) {
    measure_attacks(argv[2]);
    return 0;
  }
  const RunningServer server(BLINDAI_BINARY_DIR "/bin", server_options());
  Caller caller(server.address());
  caller.upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  measure_idle(server, caller, quick ? 1'000 : 9'990, quick ? 2'000 : 10'000);
  measure_hostile(server, caller, quick ? 2'000 : 20'000);
}
