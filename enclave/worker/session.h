// One ONNX model in ONNX Runtime.
//
// Threads: run() may be called from several threads at once, each with a Slot of its own.
#pragma once

#include <atomic>
#include <memory>

#include "enclave/worker/engine.h"
#include "enclave/worker/tensors.h"

struct OrtRunOptions;

namespace blindai {

class Session {
 public:
  // model: an ONNX file that onnx::check_model() takes; not used after the call. ONNX Runtime's own
  // format is not accepted, nor data outside the file.
  static std::expected<std::unique_ptr<Session>, worker_protocol::Refused> load(
      Engine& engine, BytesView model, const worker_protocol::Load& load);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const ModelSignature& signature() const { return signature_; }
  const OrtApi& api() const { return engine_.api(); }

  // What one thread keeps from job to job.
  class Slot {
   public:
    explicit Slot(const Session& session);
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    // From any thread: makes the run() of this slot end between two nodes, with kCancelled. Stays
    // in force until the next begin().
    void cancel();
    void begin();

   private:
    friend class Session;
    const OrtApi& api_;
    OrtRunOptions* options_ = nullptr;
    std::atomic<bool> cancelled_ = false;
    Values inputs_;
    std::vector<const char*> input_names_;
    std::vector<const char*> output_names_;
  };

  // Evaluates the outputs that `job` asks for, from inputs lying in `buffer`. run_ns: nanoseconds
  // in ONNX Runtime. The outputs are ONNX Runtime's own memory.
  std::expected<Values, JobFailure> run(Slot& slot, const worker_protocol::Run& job,
                                        std::span<uint8_t> buffer, uint64_t& run_ns);

 private:
  explicit Session(Engine& engine) : engine_(engine) {}
  std::expected<void, JobFailure> prepare(Slot& slot, const worker_protocol::Run& job,
                                          std::span<uint8_t> buffer);

  Engine& engine_;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
  ModelSignature signature_;
};

// The text of a failed evaluation, made fit for a caller who is not the model's owner and for logs
// of nobody: names and paths are left out, and digits, which may be tensor data, become '#'.
std::string mask_run_error(std::string_view text);

}  // namespace blindai
