#include "enclave/infer/sandbox_probe.h"

#include <poll.h>

#include "enclave/infer/outside_look.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

constexpr int kReadyWithinMs = 10'000;

std::string engine_path(const WorkerOptions& options) {
  if (!options.engine_path.empty()) return options.engine_path;
  const size_t slash = options.worker_path.rfind('/');
  return options.worker_path.substr(0, slash + 1) + "libonnxruntime.so.1.28.0";
}

Problem no_worker() {
  return {Code::kUnavailable, "infer.spawn",
          "The worker program could not start: check its path and ONNX Runtime's library."};
}

}  // namespace

ChildProcess::Command worker_command(const WorkerOptions& options) {
  return {.program = options.worker_path,
          .arguments = {.library = engine_path(options),
                        .address_space_bytes = options.address_space_bytes,
                        .cpu_seconds = options.cpu_seconds,
                        .level = options.require_sandbox},
          .scratch_directory = options.scratch_directory};
}

Outcome<SandboxReport> look_at_sandbox(const wp::Ready& ready, const ChildProcess& process) {
  SandboxReport report = ready.sandbox;
  report[Layer::kCgroup] = process.cgroup();
  if (const auto untrue = contradicted(process.pid(), report); !untrue.empty())
    return problem(
        Code::kUnavailable, "infer.sandbox",
        "A worker process does not have the sandbox that it reports: " + list_of(untrue, report) +
            ". The worker program is not the one of this release; install it anew.");
  return report;
}

Outcome<void> require_sandbox(const SandboxReport& report, SandboxLevel level) {
  const std::vector<Layer> lacking = missing(report, level);
  if (lacking.empty()) return {};
  return problem(Code::kUnavailable, "infer.sandbox",
                 "The configuration requires the sandbox \"" + std::string(name_of(level)) +
                     "\" of worker processes (require_sandbox), and this machine does not give "
                     "them: " +
                     list_of(lacking, report) + ". Permit it to the server" +
                     (level == SandboxLevel::kFull
                          ? ", or set require_sandbox = \"basic\", which users see and may refuse."
                          : "; docs/configuration.md says what each needs."));
}

Outcome<SandboxReport> probe_sandbox(const WorkerOptions& options) {
  const std::unique_ptr<Reactor> reactor = Reactor::create();
  CgroupParent cgroups(options.cgroup);
  ASSIGN_OR_RETURN(const std::unique_ptr<ChildProcess> process,
                   ChildProcess::start(*reactor, worker_command(options)));
  process->enter_cgroup(cgroups, {.memory_bytes = options.cgroup_memory_bytes});
  pollfd socket = {process->socket(), POLLIN, 0};
  if (poll(&socket, 1, kReadyWithinMs) != 1) return std::unexpected(no_worker());
  std::vector<uint8_t> storage(wp::kMaxMessage);
  const Received received = receive_packet(process->socket(), storage);
  wp::Ready ready;
  if (received.state != Received::State::kMessage ||
      !wp::decode(BytesView(storage).first(received.size), ready) || ready.version != wp::kVersion)
    return std::unexpected(no_worker());
  return look_at_sandbox(ready, *process);
}

void log_sandbox(const SandboxReport& report, const std::function<void(std::string_view)>& log) {
  for (const Layer layer : all_layers())
    if (!report[layer].is_applied())
      log("sandbox of workers: " + std::string(name_of(layer)) + ": " + describe(report[layer]));
}

}  // namespace blindai
