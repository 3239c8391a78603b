#include "enclave/worker/session.h"

#define ORT_API_MANUAL_INIT
#include <array>
#include <chrono>
#include <onnxruntime_c_api.h>

namespace blindai {
namespace {

using worker_protocol::Failure;
using worker_protocol::Load;
using worker_protocol::Refusal;
using worker_protocol::Refused;
using worker_protocol::Run;

struct Setting {
  const char* key;
  const char* value;
};
// Keys are text, so they reach options newer than the headers; an unknown one is ignored.
constexpr std::array<Setting, 8> kSettings = {{
    // A model is ONNX; the other format's loader was not made for hostile files.
    {"session.load_model_format", "ONNX"},
    // A node of a few bytes may otherwise be unfolded into 1 GiB while loading.
    {"optimization.constant_folding_max_output_size_in_bytes", "16777216"},
    // Data outside the file is looked for here; nothing is there, and opening is refused as well.
    {"session.model_external_initializers_file_folder_path", "."},
    // Threads of one run look for each other's work without sleeping, and stop when the run ends:
    // between requests nothing spins. With one thread there is nobody to look for.
    {"session.intra_op.allow_spinning", "1"},
    {"session.force_spinning_stop", "1"},
    {"session.inter_op.allow_spinning", "0"},
    {"session.use_env_allocators", "1"},
    // Weights are allocated to size instead of in the arena's blocks.
    {"session.use_device_allocator_for_initializers", "1"},
}};

EngineError configure(const OrtApi& api, OrtSessionOptions& options, const Load& load) {
  EngineError error = take_error(api, api.SetIntraOpNumThreads(&options, load.intra_op_threads));
  if (!error) error = take_error(api, api.SetInterOpNumThreads(&options, 1));
  if (!error) error = take_error(api, api.SetSessionExecutionMode(&options, ORT_SEQUENTIAL));
  if (!error)
    error = take_error(api, api.SetSessionGraphOptimizationLevel(&options, ORT_ENABLE_ALL));
  // A pattern is kept for every shape ever seen: with shapes of the caller's choice that is a leak.
  if (!error) error = take_error(api, api.DisableMemPattern(&options));
  for (const Setting& setting : kSettings)
    if (!error)
      error = take_error(api, api.AddSessionConfigEntry(&options, setting.key, setting.value));
  return error;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_memory_error(std::string_view text) {
  return contains(text, "bad_alloc") || contains(text, "Failed to allocate memory") ||
         contains(text, "Available memory of");
}

Refused refused(const EngineError& error) {
  if (is_memory_error(error.text))
    return {Refusal::kLimit, "Loading the model needs more memory than is allowed."};
  const bool unsupported = error.code == ORT_NOT_IMPLEMENTED;
  return {unsupported ? Refusal::kUnsupported : Refusal::kMalformed, error.text};
}

JobFailure failed(const EngineError& error, bool cancelled) {
  if (cancelled) return {Failure::kCancelled, "The job was stopped."};
  if (is_memory_error(error.text))
    return {Failure::kMemory, "The job needs more memory than is allowed."};
  if (error.code == ORT_INVALID_ARGUMENT && !contains(error.text, "while running"))
    return {Failure::kInput, error.text};
  return {Failure::kRun, mask_run_error(error.text)};
}

}  // namespace

std::string mask_run_error(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      quoted = !quoted;
      continue;
    }
    if (quoted) continue;
    if (c == '/' && (i == 0 || text[i - 1] == ' ')) {  // a path of the build, up to the next space
      while (i + 1 < text.size() && text[i + 1] != ' ') ++i;
      continue;
    }
    const bool digit = c >= '0' && c <= '9';
    if (digit && !out.empty() && out.back() == '#') continue;
    out.push_back(digit ? '#' : c);
  }
  return worker_protocol::clean_sentence(out);
}

std::expected<std::unique_ptr<Session>, Refused> Session::load(Engine& engine, BytesView model,
                                                               const Load& load) {
  const OrtApi& api = engine.api();
  std::unique_ptr<Session> session(new Session(engine));
  EngineError error = take_error(
      api, api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &session->memory_));
  OrtSessionOptions* options = nullptr;
  if (!error) error = take_error(api, api.CreateSessionOptions(&options));
  if (!error) error = configure(api, *options, load);
  if (!error)
    error = take_error(api, api.CreateSessionFromArray(engine.env(), model.data(), model.size(),
                                                       options, &session->session_));
  if (options != nullptr) api.ReleaseSessionOptions(options);
  if (error) return std::unexpected(refused(error));
  auto signature = read_signature(api, *session->session_);
  if (!signature) return std::unexpected(signature.error());
  session->signature_ = std::move(*signature);
  return session;
}

Session::~Session() {
  if (session_ != nullptr) api().ReleaseSession(session_);
  if (memory_ != nullptr) api().ReleaseMemoryInfo(memory_);
}

Session::Slot::Slot(const Session& session) : api_(session.api()), inputs_(session.api()) {
  BLINDAI_CHECK(!take_error(api_, api_.CreateRunOptions(&options_)));
}

Session::Slot::~Slot() {
  api_.ReleaseRunOptions(options_);
}

void Session::Slot::cancel() {
  cancelled_ = true;
  static_cast<void>(take_error(api_, api_.RunOptionsSetTerminate(options_)));
}

void Session::Slot::begin() {
  if (!cancelled_) return;
  cancelled_ = false;
  static_cast<void>(take_error(api_, api_.RunOptionsUnsetTerminate(options_)));
}

std::expected<void, JobFailure> Session::prepare(Slot& slot, const Run& job,
                                                 std::span<uint8_t> buffer) {
  slot.input_names_.clear();
  slot.output_names_.clear();
  for (const worker_protocol::TensorPlace& place : job.inputs) {
    if (place.index >= signature_.inputs.size())
      return std::unexpected(JobFailure{Failure::kInput, "The model has no such input."});
    auto value = input_value(api(), *memory_, buffer, place);
    if (!value) return std::unexpected(value.error());
    slot.inputs_.push_back(*value);
    slot.input_names_.push_back(signature_.inputs[place.index].name.c_str());
  }
  for (uint16_t index : job.outputs) {
    if (index >= signature_.outputs.size())
      return std::unexpected(JobFailure{Failure::kInput, "The model has no such output."});
    slot.output_names_.push_back(signature_.outputs[index].name.c_str());
  }
  return {};
}

std::expected<Values, JobFailure> Session::run(Slot& slot, const Run& job,
                                               std::span<uint8_t> buffer, uint64_t& run_ns) {
  using Clock = std::chrono::steady_clock;
  if (auto ready = prepare(slot, job, buffer); !ready) {
    slot.inputs_.clear();
    return std::unexpected(ready.error());
  }
  Values outputs(api());
  OrtValue** targets = outputs.fill(job.outputs.size());
  const Clock::time_point start = Clock::now();
  const EngineError error =
      take_error(api(), api().Run(session_, slot.options_, slot.input_names_.data(),
                                  slot.inputs_.data(), slot.inputs_.size(),
                                  slot.output_names_.data(), slot.output_names_.size(), targets));
  run_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
  slot.inputs_.clear();
  if (error) return std::unexpected(failed(error, slot.cancelled_));
  return outputs;
}

}  // namespace blindai
