// What the protocol's codec costs: the two calls the server makes for every request of a small
// model, what a client makes, and JSON tensors by the megabyte.
#include <benchmark/benchmark.h>

#include "lib/oip/client_codec.h"
#include "lib/oip/infer_request.h"
#include "lib/oip/infer_response.h"

namespace blindai {
namespace {

const ModelSignature kSmall = {{{"input", Datatype::kFp32, {-1, 16}}},
                               {{"output", Datatype::kFp32, {-1, 4}}}};

// A request as tritonclient writes it, parsed, and its answer built; tensors are binary.
void small_binary_call(benchmark::State& state) {
  const std::string json =
      R"({"id":"1","inputs":[{"name":"input","shape":[1,16],"datatype":"FP32",)"
      R"("parameters":{"binary_data_size":64}}],"outputs":[{"name":"output",)"
      R"("parameters":{"binary_data":true}}]})";
  const Bytes answer(16);
  const int64_t shape[] = {1, 4};
  for (auto _ : state) {
    const auto request = parse_infer_request(as_bytes(json), 64, kSmall, {});
    const TensorRef output{"output", Datatype::kFp32, shape, answer, request->outputs[0].binary};
    auto body = build_infer_response({"resnet18", "1", request->id}, {&output, 1});
    benchmark::DoNotOptimize(body);
  }
}
BENCHMARK(small_binary_call);

void small_json_call(benchmark::State& state) {
  const std::string json =
      R"({"inputs":[{"name":"input","shape":[1,16],"datatype":"FP32","data":[0.1,0.2,0.3,0.4,)"
      R"(0.5,0.6,0.7,0.8,0.9,1.0,1.1,1.2,1.3,1.4,1.5,1.6]}]})";
  const Bytes answer(16);
  const int64_t shape[] = {1, 4};
  Bytes area(64);
  for (auto _ : state) {
    const auto request = parse_infer_request(as_bytes(json), std::nullopt, kSmall, {});
    auto written = write_json_inputs(*request, area);
    const TensorRef output{"output", Datatype::kFp32, shape, answer, request->outputs[0].binary};
    auto body = build_infer_response({"resnet18", "1", request->id}, {&output, 1});
    benchmark::DoNotOptimize(written);
    benchmark::DoNotOptimize(body);
  }
}
BENCHMARK(small_json_call);

void small_client_call(benchmark::State& state) {
  const Bytes input(64);
  const int64_t shape[] = {1, 16};
  const std::string answer =
      R"({"model_name":"resnet18","model_version":"1","outputs":[{"name":"output",)"
      R"("datatype":"FP32","shape":[1,4],"parameters":{"binary_data_size":16}}]})";
  const std::string header = std::to_string(answer.size());
  const std::string body = answer + std::string(16, '\0');
  for (auto _ : state) {
    const TensorRef tensor{"input", Datatype::kFp32, shape, input};
    auto request = build_infer_request({}, {&tensor, 1});
    benchmark::DoNotOptimize(request);
    auto response = parse_infer_response(as_bytes(body), header, {});
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(small_client_call);

// Both passes over a JSON tensor of that many floats, nine digits each.
void large_json_input(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  std::string json = R"({"inputs":[{"name":"x","datatype":"FP32","shape":[)" +
                     std::to_string(count) + R"(],"data":[)";
  for (size_t i = 0; i < count; ++i) json += i == 0 ? "0.12345678" : ",0.12345678";
  json += "]}]}";
  const ModelSignature signature = {{{"x", Datatype::kFp32, {-1}}}, {}};
  InferLimits limits;
  limits.json_bytes = 1u << 30;
  Bytes area((count * 4 + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment);
  for (auto _ : state) {
    const auto request = parse_infer_request(as_bytes(json), std::nullopt, signature, limits);
    auto written = write_json_inputs(*request, area);
    benchmark::DoNotOptimize(written);
  }
  state.SetBytesProcessed(static_cast<int64_t>(json.size()) * state.iterations());
}
BENCHMARK(large_json_input)->Arg(150'528)->Arg(6'000'000);

void large_json_output(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  Bytes data;
  for (size_t i = 0; i < count; ++i) {
    const float value = static_cast<float>(i) * 0.001f;
    const auto* at = reinterpret_cast<const uint8_t*>(&value);
    data.insert(data.end(), at, at + sizeof value);
  }
  const int64_t shape[] = {static_cast<int64_t>(count)};
  const TensorRef output{"output", Datatype::kFp32, shape, data, false};
  for (auto _ : state) {
    auto body = build_infer_response({"m", "1", ""}, {&output, 1});
    benchmark::DoNotOptimize(body);
  }
  state.SetItemsProcessed(static_cast<int64_t>(count) * state.iterations());
}
BENCHMARK(large_json_output)->Arg(1000);

}  // namespace
}  // namespace blindai

BENCHMARK_MAIN();
