// How the server starts its workers, and what they have around them on this machine.
#pragma once

#include <spdlog/spdlog.h>
#include <string>

#include "enclave/app/options.h"
#include "enclave/config/measured_config.h"
#include "enclave/infer/worker.h"

namespace blindai {

// Bytes that one worker may take: --worker-memory, or three quarters of --memory.
uint64_t most_of_one_worker(const HostHints& hints);

// worker, engine: absolute paths of the program and of ONNX Runtime's library. The log outlives the
// options.
WorkerOptions worker_options(const HostHints& hints, const MeasuredConfig& config,
                             const std::string& worker, const std::string& engine,
                             spdlog::logger& log);

// Asks a worker, tells the log what is missing, and remembers that it was told. Errors:
// infer.sandbox, infer.spawn.
Outcome<void> settle_sandbox(WorkerOptions& options, spdlog::logger& log);

// --check-sandbox: the table, whether or not it is enough. Errors: as settle_sandbox().
Outcome<void> print_sandbox(const WorkerOptions& options);

}  // namespace blindai
