// The check of a 700 MB model against what reading its bytes costs at all: copying and hashing the
// same bytes, one after the other in the same process. The goal is at least 1 GB/s.
//
// Weights are made on the fly, in the forms that files have them: floats in raw_data, which is
// nearly all there is, and in float_data, of which nothing is looked at; and those whose every byte
// is: booleans, and integers in lists. Prints the ratios.
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstring>
#include <map>

#include "lib/crypto/crypto.h"
#include "lib/onnx/check.h"
#include "tests/onnx_builder.h"

namespace blindai {
namespace {

constexpr size_t kModelLen = 700'000'000;
constexpr int kWeights = 500;

enum class Form : uint8_t { kRaw, kFloats, kBools };

void put_varint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

Bytes field_head(uint32_t field, uint64_t length) {
  constexpr uint32_t kBytes = 2;
  Bytes out;
  put_varint(out, field << 3 | kBytes);
  put_varint(out, length);
  return out;
}

// A chain of Adds, each with a weight of its own; written in place, since it is large.
Bytes make_model(Form form) {
  const size_t bytes = kModelLen / kWeights / 4 * 4;
  const bool bools = form == Form::kBools;
  const int element = bools ? 9 : 1;
  const auto elements = static_cast<int64_t>(bools ? bytes : bytes / 4);
  Bytes data(bytes);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<uint8_t>(i * 31 & (bools ? 1 : 0x7f));
  const Bytes data_head = field_head(form == Form::kFloats ? 4 : 9, bytes);

  std::vector<Bytes> weights;  // each without its data
  onnx_builder::Graph rest;
  rest.input("v0", onnx_builder::tensor_type(element, std::nullopt));
  size_t graph_len = 0;
  for (int i = 0; i < kWeights; ++i) {
    const std::string n = std::to_string(i);
    Bytes weight = onnx_builder::tensor("w" + n, element, {elements}).bytes();
    append(weight, data_head);
    Bytes head = field_head(5, weight.size() + bytes);
    append(head, weight);
    graph_len += head.size() + bytes;
    weights.push_back(std::move(head));
    rest.node(bools ? "And" : "Add", {"v" + n, "w" + n}, {"v" + std::to_string(i + 1)});
  }
  rest.output("v" + std::to_string(kWeights), onnx_builder::tensor_type(element, std::nullopt));
  graph_len += rest.message().bytes().size();

  Bytes out;
  out.reserve(graph_len + 100);
  append(out, onnx_builder::Message().number(1, 8).bytes());
  append(out, onnx_builder::Message().nested(8, onnx_builder::Message().number(2, 17)).bytes());
  append(out, field_head(7, graph_len));
  for (const Bytes& weight : weights) {
    append(out, weight);
    append(out, data);
  }
  append(out, rest.message().bytes());
  return out;
}

// One at a time, since the machine may not have room for all.
const Bytes& model(Form form) {
  static Bytes bytes;
  static Form made = Form::kRaw;
  if (bytes.empty() || made != form) {
    bytes = Bytes();
    bytes = make_model(form);
    made = form;
  }
  return bytes;
}

void count_bytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

void check_form(benchmark::State& state, Form form) {
  const Bytes& bytes = model(form);
  for (auto _ : state) {
    const auto checked = onnx::check_model(bytes);
    BLINDAI_CHECK(checked.has_value());
    benchmark::DoNotOptimize(checked->tensor_bytes);
  }
  count_bytes(state, bytes.size());
}

void BM_CheckRaw(benchmark::State& state) {
  check_form(state, Form::kRaw);
}
void BM_CheckFloats(benchmark::State& state) {
  check_form(state, Form::kFloats);
}
void BM_CheckBools(benchmark::State& state) {
  check_form(state, Form::kBools);
}

// As many integers as a model may have in lists.
void BM_CheckPackedInts(benchmark::State& state) {
  static const Bytes bytes = [] {
    constexpr size_t kInts = 64'000'000;
    return onnx_builder::Graph()
        .part(5, onnx_builder::tensor("w", 3, {kInts}).text(5, std::string(kInts, '\x11')))
        .output("w", onnx_builder::tensor_type(3, std::nullopt))
        .model();
  }();
  for (auto _ : state) {
    const auto checked = onnx::check_model(bytes);
    BLINDAI_CHECK(checked.has_value());
    benchmark::DoNotOptimize(checked->tensor_bytes);
  }
  count_bytes(state, bytes.size());
}

// Nothing but graph: the most nodes that a model may have.
void BM_CheckNodes(benchmark::State& state) {
  static const Bytes bytes = [] {
    constexpr int kNodes = 65'536;
    onnx_builder::Graph graph;
    graph.input("v0", Datatype::kFp32, {1});
    for (int i = 0; i < kNodes; ++i)
      graph.node("Neg", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
    return graph.output("v" + std::to_string(kNodes), Datatype::kFp32, {1}).model();
  }();
  for (auto _ : state) {
    const auto checked = onnx::check_model(bytes);
    BLINDAI_CHECK(checked.has_value());
    benchmark::DoNotOptimize(checked->counts.nodes);
  }
  count_bytes(state, bytes.size());
}

// The same bytes, copied through a buffer of the cache's size: what looking at them costs.
void BM_Copy(benchmark::State& state) {
  const Bytes& bytes = model(Form::kRaw);
  Bytes buffer(1 << 20);
  for (auto _ : state)
    for (size_t at = 0; at < bytes.size(); at += buffer.size()) {
      const size_t n = std::min(buffer.size(), bytes.size() - at);
      std::memcpy(buffer.data(), bytes.data() + at, n);
      benchmark::DoNotOptimize(buffer.data());
    }
  count_bytes(state, bytes.size());
}

void BM_Sha256(benchmark::State& state) {
  const Bytes& bytes = model(Form::kRaw);
  for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
  count_bytes(state, bytes.size());
}

BENCHMARK(BM_CheckRaw)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Copy)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Sha256)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CheckFloats)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_CheckBools)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CheckPackedInts)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CheckNodes)->Unit(benchmark::kMillisecond);

// Keeps the speed of each benchmark, for the ratios.
class Speeds : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      const auto found = run.counters.find("bytes_per_second");
      if (run.run_type == Run::RT_Iteration && found != run.counters.end())
        speeds_[run.benchmark_name()] = found->second;
    }
  }
  void print(const char* name) const {
    if (!speeds_.contains(name) || !speeds_.contains("BM_Sha256")) return;
    std::printf("%s: %.2f GB/s, %.1f times as fast as SHA-256 of the same bytes\n", name,
                speeds_.at(name) / 1e9, speeds_.at(name) / speeds_.at("BM_Sha256"));
  }

 private:
  std::map<std::string, double> speeds_;
};

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  blindai::Speeds speeds;
  benchmark::RunSpecifiedBenchmarks(&speeds);
  for (const char* name :
       {"BM_CheckRaw", "BM_CheckFloats", "BM_CheckBools", "BM_CheckPackedInts", "BM_CheckNodes"})
    speeds.print(name);
  return 0;
}
