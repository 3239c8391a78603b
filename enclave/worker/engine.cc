#include "enclave/worker/engine.h"

#include <dlfcn.h>

#define ORT_API_MANUAL_INIT
#include <array>
#include <onnxruntime_c_api.h>

#include "enclave/infer/protocol.h"

namespace blindai {
namespace {

void ORT_API_CALL drop_log(void*, OrtLoggingLevel, const char*, const char*, const char*,
                           const char*) {}

}  // namespace

EngineError take_error(const OrtApi& api, OrtStatus* status) {
  if (status == nullptr) return {};
  EngineError error{static_cast<int>(api.GetErrorCode(status)),
                    worker_protocol::clean_sentence(api.GetErrorMessage(status))};
  if (error.code == 0) error.code = static_cast<int>(ORT_FAIL);
  api.ReleaseStatus(status);
  return error;
}

Outcome<std::unique_ptr<Engine>> Engine::open(const std::string& library) {
  if (library.empty() || library[0] != '/')
    return problem(Code::kUnavailable, "infer.engine-open",
                   "The path of ONNX Runtime's library must be absolute.");
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return problem(Code::kUnavailable, "infer.engine-open",
                   "ONNX Runtime's library cannot be opened.");
  using GetBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetBase>(dlsym(handle, "OrtGetApiBase"));
  const OrtApiBase* base = get_base == nullptr ? nullptr : get_base();
  const OrtApi* api = base == nullptr ? nullptr : base->GetApi(ORT_API_VERSION);
  if (api == nullptr)
    return problem(Code::kUnavailable, "infer.engine-api",
                   "The library is not an ONNX Runtime that offers API 21.");
  OrtEnv* env = nullptr;
  if (EngineError error =
          take_error(*api, api->CreateEnvWithCustomLogger(
                               &drop_log, nullptr, ORT_LOGGING_LEVEL_FATAL, "blindai", &env)))
    return problem(Code::kUnavailable, "infer.engine-start", error.text);
  // The environment asks for no telemetry already (ORT_DISABLE_TELEMETRY); this is the second lock.
  static_cast<void>(take_error(*api, api->DisableTelemetryEvents(env)));
  return std::unique_ptr<Engine>(new Engine(*api, env));
}

Engine::~Engine() {
  api_.ReleaseEnv(env_);
}

Outcome<void> Engine::set_tensor_memory(uint64_t limit_bytes) {
  const std::array<const char*, 3> keys = {"max_mem", "arena_extend_strategy",
                                           "initial_chunk_size_bytes"};
  constexpr size_t kSameAsRequested = 1;
  const std::array<size_t, 3> values = {limit_bytes, kSameAsRequested, 64 * 1024};
  OrtArenaCfg* arena = nullptr;
  OrtMemoryInfo* memory = nullptr;
  EngineError error =
      take_error(api_, api_.CreateArenaCfgV2(keys.data(), values.data(), keys.size(), &arena));
  if (!error)
    error =
        take_error(api_, api_.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  if (!error) error = take_error(api_, api_.CreateAndRegisterAllocator(env_, memory, arena));
  if (memory != nullptr) api_.ReleaseMemoryInfo(memory);
  if (arena != nullptr) api_.ReleaseArenaCfg(arena);
  if (error) return problem(Code::kUnavailable, "infer.engine-start", error.text);
  return {};
}

}  // namespace blindai
