#include "enclave/infer/worker_fixture.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai {

std::string worker_program() {
  return BLINDAI_BINARY_DIR "/bin/blindai-worker";
}
std::string liar_program() {
  return BLINDAI_BINARY_DIR "/bin/blindai-liar";
}
std::string engine_library() {
  return BLINDAI_SOURCE_DIR "/.cache/onnxruntime/lib/libonnxruntime.so.1.28.0";
}

Bytes bytes_tensor(const std::vector<std::string>& texts) {
  Bytes out;
  for (const std::string& text : texts) {
    put_u32le(out, static_cast<uint32_t>(text.size()));
    append(out, as_bytes(text));
  }
  return out;
}

WorkerTest::WorkerTest() : reactor(Reactor::create()) {
  options.worker_path = worker_program();
  options.engine_path = engine_library();
  options.log = [this](std::string_view line) { log.emplace_back(line); };
}

WorkerTest::~WorkerTest() = default;

WorkerHost& WorkerTest::host() {
  if (host_ == nullptr) host_ = std::make_unique<WorkerHost>(*reactor, options);
  return *host_;
}

void WorkerTest::wait_until(const std::function<bool()>& done) {
  auto tick = reactor->timer();
  const auto end = Reactor::Clock::now() + std::chrono::seconds(90);
  std::function<void()> look = [&] {
    if (done() || Reactor::Clock::now() > end) {
      reactor->stop();
    } else {
      tick->after(std::chrono::milliseconds(1), look);
    }
  };
  reactor->post(look);
  reactor->run();
  ASSERT_TRUE(done()) << "nothing happened for 90 seconds";
}

Outcome<void> WorkerTest::start(std::unique_ptr<Worker>& worker, Bytes model) {
  std::optional<Outcome<void>> outcome;
  const size_t size = model.size();
  worker = Worker::start(host(), std::make_unique<MemoryModel>(std::move(model)), size,
                         [&](Outcome<void> o) { outcome = std::move(o); });
  EXPECT_FALSE(outcome.has_value()) << "called inside the call";
  wait_until([&] { return outcome.has_value(); });
  return outcome.value_or(problem(Code::kInternal, "test.timeout", "no answer"));
}

std::unique_ptr<Worker> WorkerTest::started(Bytes model) {
  std::unique_ptr<Worker> worker;
  const Outcome<void> outcome = start(worker, std::move(model));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().name() << ": " << outcome.error().sentence;
  return worker;
}

RunRequest WorkerTest::request(Worker& worker, const std::vector<TestInput>& inputs) {
  RunRequest out;
  uint64_t total = 0;
  for (const TestInput& input : inputs)
    total = worker_protocol::align_up(total) + input.data.size();
  auto buffer = worker.buffer(total);
  EXPECT_TRUE(buffer.has_value());
  out.buffer = std::move(*buffer);
  uint64_t at = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    at = worker_protocol::align_up(at);
    std::ranges::copy(inputs[i].data, out.buffer->input().begin() + static_cast<ptrdiff_t>(at));
    out.inputs.push_back({static_cast<uint16_t>(i), worker.signature().inputs[i].datatype,
                          inputs[i].shape, at, inputs[i].data.size()});
    at += inputs[i].data.size();
  }
  return out;
}

Outcome<RunResult> WorkerTest::run(Worker& worker, RunRequest request) {
  std::optional<Outcome<RunResult>> result;
  worker.run(std::move(request), [&](Outcome<RunResult> r) { result.emplace(std::move(r)); });
  EXPECT_FALSE(result.has_value()) << "called inside the call";
  wait_until([&] { return result.has_value(); });
  if (!result) return problem(Code::kInternal, "test.timeout", "no answer");
  return std::move(*result);
}

}  // namespace blindai
