// One worker process with one model, as the server sees it.
//
//   WorkerHost host(*reactor, options);
//   auto worker = Worker::start(host, std::move(source), model_bytes, [&](Outcome<void> started) {
//     auto buffer = worker->buffer(64);          // decrypt tensors into (*buffer)->input()
//     RunRequest request;
//     request.buffer = std::move(*buffer);
//     request.inputs = {{.index = 0, .datatype = Datatype::kFp32, .shape = {1, 16}, .offset = 0,
//                        .length = 64}};
//     request.time_limit = std::chrono::seconds(10);
//     worker->run(std::move(request), [](Outcome<RunResult> result) { ... });
//   });
//
// The worker is not trusted: every number it sends is checked, and the first that does not hold
// ends its process. All outputs of a result lie where the server checked that they lie, but their
// contents may still change (tensor_buffer.h says what that means); BYTES outputs are private
// copies.
//
// Threads: the reactor's, which never waits here longer than a short system call. Callbacks come
// from the reactor, never inside the call that asked for them, and may destroy the Worker.
#pragma once

#include <chrono>
#include <functional>

#include "enclave/infer/cgroup.h"
#include "enclave/infer/protocol.h"
#include "enclave/infer/tensor_buffer.h"
#include "net/background.h"
#include "net/reactor.h"

namespace blindai {

class ChildProcess;
class WorkerCore;

struct WorkerOptions {
  std::string worker_path;   // absolute path of blindai-worker
  std::string engine_path;   // of libonnxruntime.so.1.28.0; empty: beside the worker
  uint16_t run_threads = 1;  // jobs at once, 1..64; more wait in the server
  uint16_t intra_op_threads = 1;
  std::chrono::milliseconds load_limit{60'000};  // from start() until the model can be called
  // At its deadline, or when its caller left, a job is asked to stop; if it has not within this
  // time, its process is killed.
  std::chrono::milliseconds stop_grace{100};
  uint64_t tensor_memory_bytes = 0;  // what ONNX Runtime may allocate for tensors; 0: no limit
  // What a worker may not run without; each layer is put around it where the kernel permits it.
  SandboxLevel require_sandbox = SandboxLevel::kBasic;
  uint64_t address_space_bytes = 0;  // RLIMIT_AS of the process; 0: no limit
  uint64_t cpu_seconds = 0;          // RLIMIT_CPU, of its whole life; 0: no limit
  std::string cgroup;                // a delegated cgroup (cgroup.h); empty: none
  uint64_t cgroup_memory_bytes = 0;  // memory.max of each worker; 0: no limit
  // What the log has been told already (probe_sandbox); another report is told again.
  SandboxReport known_sandbox = {};
  uint64_t max_input_bytes = 1ULL << 30;     // of one request
  uint64_t idle_buffer_bytes = 32ULL << 20;  // shared memory kept for later requests
  uint64_t first_output_bytes = 64 * 1024;   // room for outputs until larger ones are seen
  size_t max_waiting = 1024;                 // requests beyond run_threads
  std::string scratch_directory = "/tmp";    // for an empty directory that exists for a moment
  // Where models are moved into workers, which reads and decrypts them; it outlives the workers.
  // Null: on the reactor.
  Background* background = nullptr;
  // A line for the operator's log: process ids, sizes, reasons. Never names, shapes or tensors.
  std::function<void(std::string_view)> log;
};

// Where a model's bytes come from, in order: an unsealing file, or memory.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  // Fills the front of `out` and returns how many bytes; 0 is the end, and says that all of them
  // were authentic. Called from one thread at a time: the reactor's, where it must not wait, or
  // that of WorkerOptions::background.
  virtual Result<size_t> read(std::span<uint8_t> out) = 0;
};

// Starts workers, and collects their processes. One per server; outlives its workers.
class WorkerHost {
 public:
  WorkerHost(Reactor& reactor, WorkerOptions options);
  // Kills the processes that remain and waits for them.
  ~WorkerHost();
  WorkerHost(const WorkerHost&) = delete;
  WorkerHost& operator=(const WorkerHost&) = delete;

  Reactor& reactor() const { return reactor_; }
  const WorkerOptions& options() const { return options_; }
  // Processes that exist, those being killed included.
  size_t num_processes() const { return num_processes_; }

 private:
  friend class WorkerCore;
  Result<std::unique_ptr<ChildProcess>> spawn();
  void bury(std::unique_ptr<ChildProcess> process);
  void log(std::string_view line) const;
  // Once for each report that differs from the one before.
  void log_sandbox_once(const SandboxReport& report);

  Reactor& reactor_;
  const WorkerOptions options_;
  CgroupParent cgroups_;
  SandboxReport known_sandbox_;
  size_t num_processes_ = 0;
  std::vector<std::unique_ptr<ChildProcess>> dying_;
};

struct RunRequest {
  std::unique_ptr<TensorBuffer> buffer;              // of the same worker
  std::vector<worker_protocol::TensorPlace> inputs;  // every input of the model, each once
  std::vector<uint16_t> outputs;                     // by index; empty: all
  std::chrono::milliseconds time_limit{30'000};      // of the run itself
  std::chrono::milliseconds wait_limit{300'000};     // for its turn, before that
  uint64_t max_output_bytes = 1ULL << 30;            // all outputs together
  // Called in place of the result, with the request, when the process ended and this request had no
  // part in it: it waited, or another one that ran beside it did not stop at its deadline. It is as
  // it was given, but for its buffer, which is still the old worker's, and `again`. Null: such a
  // request gets infer.worker-died.
  std::function<void(RunRequest)> unserved = nullptr;
  // It was handed back before. Such requests run first, and beside their like alone, so that
  // whoever ends one worker after the other does not keep them from ever being served.
  bool again = false;
};

struct RunResult {
  struct Output {
    uint16_t index;  // in the signature's outputs
    Datatype datatype;
    std::vector<int64_t> shape;
    BytesView data;  // row-major, little-endian; valid as long as the RunResult
  };
  std::vector<Output> outputs;  // as requested
  uint64_t run_ns = 0;    // inside ONNX Runtime, as the worker says, at most what really passed
  uint64_t queue_ns = 0;  // waiting in the server for a free thread

  // What the spans point into.
  std::unique_ptr<TensorBuffer> buffer;
  std::unique_ptr<SharedMemory> spilled;
  std::vector<Bytes> strings;
};

class Worker {
 public:
  using Started = std::function<void(Outcome<void>)>;
  using Ran = std::function<void(Outcome<RunResult>)>;

  // Starts a process and streams the model into it, a piece at a time between other work of the
  // thread that does it. `started` is called once. After an error the Worker is of no use.
  // Errors: kUnavailable infer.spawn, infer.sandbox, infer.memory; kRefused model.*
  // (lib/onnx/rules.h), infer.model-malformed, infer.model-unsupported, infer.model-limit (each
  // with a sentence for the model's owner), infer.model-died; kDeadline infer.load-deadline;
  // kMalformed infer.model-size when the source is shorter or longer than model_bytes; or the
  // source's own.
  static std::unique_ptr<Worker> start(WorkerHost& host, std::unique_ptr<ModelSource> source,
                                       uint64_t model_bytes, Started started);
  ~Worker();  // as stop()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Empty until `started` has been called without an error.
  const ModelSignature& signature() const;
  bool serving() const;
  pid_t pid() const;  // 0 when there is no process any more
  // What is around the process; nothing before it was ready.
  const SandboxReport& sandbox() const;
  // Resident memory of the process now, and before it had a model; shared pages counted.
  uint64_t resident_bytes() const;
  uint64_t resident_bytes_before_model() const;
  // Jobs running or waiting.
  size_t num_jobs() const;

  // Memory for the inputs of one request. Errors: kTooLarge infer.input-size, kUnavailable
  // infer.memory, infer.worker-died.
  Result<std::unique_ptr<TensorBuffer>> buffer(uint64_t input_bytes);

  // Evaluates the model. Returns the job's number, for cancel(). Errors, through the callback:
  // kInvalid infer.inputs, infer.datatype, infer.shape, infer.place, infer.outputs, infer.input
  // (from ONNX Runtime), infer.run (the evaluation failed); kTooLarge infer.output-size; kExhausted
  // infer.waiting; kDeadline infer.deadline; kUnavailable infer.job-memory, infer.worker-died,
  // infer.stopped; kInternal infer.output.
  uint64_t run(RunRequest request, Ran ran);
  // The caller has gone: its callbacks are dropped. A job that waits never starts; one that runs is
  // asked to stop, and does so within stop_grace or is killed with its process. Unknown numbers are
  // those of jobs that ended.
  void cancel(uint64_t job);

  // Ends the process for what it does to others: jobs that run, or `started`, get `why`; jobs that
  // wait are handed back.
  void end(const Problem& why);
  // Ends the process. Jobs that have no answer get kUnavailable infer.stopped; nothing else is
  // called.
  void stop();
  // Called once if the process ends, or is killed for what it did, after it had started.
  void on_exit(std::function<void()> callback);
  // Called within each run() that is taken.
  void on_run(std::function<void()> callback);

 private:
  explicit Worker(std::shared_ptr<WorkerCore> core) : core_(std::move(core)) {}
  std::shared_ptr<WorkerCore> core_;
};

}  // namespace blindai
