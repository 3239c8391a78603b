#include "enclave/infer/worker.h"

#include "enclave/infer/sandbox_probe.h"
#include "enclave/infer/worker_core.h"

namespace blindai {

WorkerHost::WorkerHost(Reactor& reactor, WorkerOptions options)
    : reactor_(reactor),
      options_(std::move(options)),
      cgroups_(options_.cgroup),
      known_sandbox_(options_.known_sandbox) {}

WorkerHost::~WorkerHost() = default;

Result<std::unique_ptr<ChildProcess>> WorkerHost::spawn() {
  auto process = ChildProcess::start(reactor_, worker_command(options_));
  if (!process) return process;
  ++num_processes_;
  (*process)->enter_cgroup(cgroups_, {.memory_bytes = options_.cgroup_memory_bytes});
  return process;
}

void WorkerHost::bury(std::unique_ptr<ChildProcess> process) {
  if (process->collected()) {
    --num_processes_;
    return;
  }
  process->kill();
  ChildProcess* const buried = process.get();
  dying_.push_back(std::move(process));
  buried->when_gone([this, buried](ExitStatus) {
    --num_processes_;
    std::erase_if(dying_, [&](const auto& other) { return other.get() == buried; });
  });
}

void WorkerHost::log(std::string_view line) const {
  if (options_.log) options_.log(line);
}

void WorkerHost::log_sandbox_once(const SandboxReport& report) {
  if (report == known_sandbox_) return;
  known_sandbox_ = report;
  log_sandbox(report, [this](std::string_view line) { log(line); });
}

std::unique_ptr<Worker> Worker::start(WorkerHost& host, std::unique_ptr<ModelSource> source,
                                      uint64_t model_bytes, Started started) {
  auto core = std::make_shared<WorkerCore>(host, std::move(started));
  core->start(std::move(source), model_bytes);
  return std::unique_ptr<Worker>(new Worker(std::move(core)));
}

Worker::~Worker() {
  core_->stop();
}

const ModelSignature& Worker::signature() const {
  return core_->signature();
}
bool Worker::serving() const {
  return core_->serving();
}
pid_t Worker::pid() const {
  return core_->pid();
}
const SandboxReport& Worker::sandbox() const {
  return core_->sandbox();
}
uint64_t Worker::resident_bytes() const {
  return core_->resident_bytes();
}
uint64_t Worker::resident_bytes_before_model() const {
  return core_->resident_bytes_before_model();
}
size_t Worker::num_jobs() const {
  return core_->num_jobs();
}

Result<std::unique_ptr<TensorBuffer>> Worker::buffer(uint64_t input_bytes) {
  return core_->buffer(input_bytes);
}
uint64_t Worker::run(RunRequest request, Ran ran) {
  return core_->run(std::move(request), std::move(ran));
}
void Worker::cancel(uint64_t job) {
  core_->cancel(job);
}
void Worker::end(const Problem& why) {
  core_->end(why);
}
void Worker::stop() {
  core_->stop();
}
void Worker::on_exit(std::function<void()> callback) {
  core_->on_exit(std::move(callback));
}
void Worker::on_run(std::function<void()> callback) {
  core_->on_run(std::move(callback));
}

}  // namespace blindai
