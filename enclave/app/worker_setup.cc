#include "enclave/app/worker_setup.h"

#include <algorithm>
#include <cstdio>

#include "enclave/infer/sandbox_probe.h"

namespace blindai {
namespace {

// Of one processor, a worker's whole life long: twelve days. A bound for the case that the server
// cannot end it; deadlines are what limits a request.
constexpr uint64_t kCpuSeconds = 1'000'000;
// Addresses are not memory: each thread reserves a stack and a heap of malloc's, the libraries
// their code.
constexpr uint64_t kAddressesPerThread = (8 + 128) << 20;
constexpr uint64_t kAddressesOfLibraries = uint64_t{1} << 30;

// More than a worker within --memory ever maps: the model's file beside what it becomes, the
// tensors of all jobs in and out.
uint64_t address_space(const HostHints& hints, const MeasuredConfig& config) {
  const uint64_t threads = uint64_t{hints.run_threads} + hints.intra_op_threads + 1;
  return (hints.memory_mib << 20) + config.max_model_bytes +
         2 * config.max_tensor_bytes * (uint64_t{hints.run_threads} + 1) +
         threads * kAddressesPerThread + kAddressesOfLibraries;
}

const char* required_by(Layer layer) {
  if (is_required(layer, SandboxLevel::kBasic)) return "basic";
  return is_required(layer, SandboxLevel::kFull) ? "full" : "";
}

}  // namespace

uint64_t most_of_one_worker(const HostHints& hints) {
  const uint64_t all = hints.memory_mib << 20;
  if (hints.worker_memory_mib == 0) return all / 4 * 3;
  return std::min(all, hints.worker_memory_mib << 20);
}

WorkerOptions worker_options(const HostHints& hints, const MeasuredConfig& config,
                             const std::string& worker, const std::string& engine,
                             spdlog::logger& log) {
  const uint64_t memory = most_of_one_worker(hints);
  return {.worker_path = worker,
          .engine_path = engine,
          .run_threads = hints.run_threads,
          .intra_op_threads = hints.intra_op_threads,
          .load_limit = config.load_time,
          .tensor_memory_bytes = memory,
          .require_sandbox = config.require_sandbox,
          .address_space_bytes = address_space(hints, config),
          .cpu_seconds = kCpuSeconds,
          .cgroup = hints.cgroup,
          .cgroup_memory_bytes = memory,
          .max_input_bytes = config.max_tensor_bytes,
          .log = [&log](std::string_view line) { log.info("{}", line); }};
}

Outcome<void> settle_sandbox(WorkerOptions& options, spdlog::logger& log) {
  ASSIGN_OR_RETURN(options.known_sandbox, probe_sandbox(options));
  log_sandbox(options.known_sandbox, [&log](std::string_view line) { log.warn("{}", line); });
  return require_sandbox(options.known_sandbox, options.require_sandbox);
}

Outcome<void> print_sandbox(const WorkerOptions& options) {
  ASSIGN_OR_RETURN(const SandboxReport report, probe_sandbox(options));
  for (const Layer layer : all_layers())
    std::printf("%-40s %-6s %s\n", std::string(name_of(layer)).c_str(), required_by(layer),
                describe(report[layer]).c_str());
  std::fflush(stdout);
  return require_sandbox(report, options.require_sandbox);
}

}  // namespace blindai
