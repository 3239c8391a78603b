#define ORT_API_MANUAL_INIT
#include "bench/engine_reference.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <onnxruntime_c_api.h>

namespace blindai {

class EngineReference::Impl {
 public:
  Impl(const std::string& library, BytesView model, std::string input, std::vector<int64_t> shape,
       std::string output, int intra_op_threads)
      : input_(std::move(input)), shape_(std::move(shape)), output_(std::move(output)) {
    ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    BLINDAI_CHECK(handle != nullptr);
    using GetBase = const OrtApiBase* (*)();
    const auto get_base = reinterpret_cast<GetBase>(::dlsym(handle, "OrtGetApiBase"));
    BLINDAI_CHECK(get_base != nullptr);
    api_ = get_base()->GetApi(21);
    BLINDAI_CHECK(api_ != nullptr);
    check(api_->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "bench", &env_));
    OrtSessionOptions* options = nullptr;
    check(api_->CreateSessionOptions(&options));
    check(api_->SetIntraOpNumThreads(options, intra_op_threads));
    check(api_->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(api_->CreateSessionFromArray(env_, model.data(), model.size(), options, &session_));
    api_->ReleaseSessionOptions(options);
    check(api_->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory_));
  }
  ~Impl() {
    api_->ReleaseMemoryInfo(memory_);
    api_->ReleaseSession(session_);
    api_->ReleaseEnv(env_);
  }

  std::chrono::nanoseconds run(std::span<float> data) {
    const auto start = std::chrono::steady_clock::now();
    OrtValue* in = nullptr;
    check(api_->CreateTensorWithDataAsOrtValue(memory_, data.data(), data.size_bytes(),
                                               shape_.data(), shape_.size(),
                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &in));
    OrtValue* out = nullptr;
    const char* input_name = input_.c_str();
    const char* output_name = output_.c_str();
    check(api_->Run(session_, nullptr, &input_name, &in, 1, &output_name, 1, &out));
    api_->ReleaseValue(out);
    api_->ReleaseValue(in);
    return std::chrono::steady_clock::now() - start;
  }

 private:
  void check(OrtStatus* status) {
    if (status == nullptr) return;
    std::fprintf(stderr, "ONNX Runtime: %s\n", api_->GetErrorMessage(status));
    std::abort();
  }

  const std::string input_;
  const std::vector<int64_t> shape_;
  const std::string output_;
  const OrtApi* api_ = nullptr;
  OrtEnv* env_ = nullptr;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
};

EngineReference::EngineReference(const std::string& library, BytesView model,
                                 const std::string& input, const std::vector<int64_t>& shape,
                                 const std::string& output, int intra_op_threads)
    : impl_(std::make_unique<Impl>(library, model, input, shape, output, intra_op_threads)) {}
EngineReference::~EngineReference() = default;
std::chrono::nanoseconds EngineReference::run(std::span<float> input) {
  return impl_->run(input);
}

}  // namespace blindai
