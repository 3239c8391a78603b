// What lib/onnx takes is loaded by a real worker in its sandbox.
//
// Property, of every input that the check takes: the worker can be called then, or it refuses the
// model with a reason of its own. Nothing ends it, neither a signal nor its deadline of 10 s.
#include <optional>

#include "enclave/infer/worker.h"
#include "lib/onnx/check.h"
#include "tests/support/memory_model.h"

namespace {

using namespace blindai;

WorkerOptions worker_options() {
  WorkerOptions options;
  options.worker_path = BLINDAI_BINARY_DIR "/bin/blindai-worker";
  options.engine_path = BLINDAI_SOURCE_DIR "/.cache/onnxruntime/lib/libonnxruntime.so.1.28.0";
  options.tensor_memory_bytes = 256ULL << 20;
  options.load_limit = std::chrono::seconds(10);
  return options;
}

// What starting a worker with this model came to.
Outcome<void> load(Bytes model) {
  const std::unique_ptr<Reactor> reactor = Reactor::create();
  WorkerHost host(*reactor, worker_options());
  std::optional<Outcome<void>> outcome;
  const size_t size = model.size();
  const auto worker = Worker::start(host, std::make_unique<MemoryModel>(std::move(model)), size,
                                    [&](Outcome<void> started) {
                                      outcome = std::move(started);
                                      reactor->stop();
                                    });
  reactor->run();
  BLINDAI_CHECK(outcome.has_value());
  return *outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView file(data, size);
  if (!onnx::check_model(file).has_value()) return 0;
  const Outcome<void> loaded = load(Bytes(file.begin(), file.end()));
  if (loaded.has_value()) return 0;
  const std::string_view name = loaded.error().name();
  BLINDAI_CHECK(name == "infer.model-malformed" || name == "infer.model-unsupported" ||
                name == "infer.model-limit");
  return 0;
}
