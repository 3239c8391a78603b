// ONNX Runtime, opened from one file by its path and never searched for.
//
// The library's symbols are versioned, so it is opened with dlopen and asked for API 21, which
// every later release still offers. Its log is thrown away: it quotes names out of models. Errors
// kUnavailable infer.engine-open, infer.engine-api, infer.engine-start Source onnxruntime_c_api.h,
// API 21.   Threads: open() starts none; one Engine per process.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"

struct OrtApi;
struct OrtEnv;
struct OrtStatus;

namespace blindai {

class Engine {
 public:
  // library: absolute path of libonnxruntime.so.1.28.0. It is never closed again.
  static Outcome<std::unique_ptr<Engine>> open(const std::string& library);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The allocator that every session with "session.use_env_allocators" shares. It grows by what is
  // asked for, not by doubling, and refuses beyond limit_bytes (0: no limit). Called once.
  Outcome<void> set_tensor_memory(uint64_t limit_bytes);

  const OrtApi& api() const { return api_; }
  OrtEnv* env() const { return env_; }

 private:
  Engine(const OrtApi& api, OrtEnv* env) : api_(api), env_(env) {}
  const OrtApi& api_;
  OrtEnv* env_;
};

// A failed call's code (OrtErrorCode) and cleaned text; code 0 and no text when it succeeded.
struct EngineError {
  int code = 0;
  std::string text;
  explicit operator bool() const { return code != 0; }
};
// Takes ownership of `status`, which may be null (success).
EngineError take_error(const OrtApi& api, OrtStatus* status);

}  // namespace blindai
