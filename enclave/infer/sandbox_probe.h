// Whether workers of this machine have the sandbox that the configuration requires: asked once when
// the server starts, of a worker without a model, and again of each worker.
#pragma once

#include "enclave/infer/child_process.h"
#include "enclave/infer/protocol.h"
#include "enclave/infer/worker.h"

namespace blindai {

// How a worker is started under these options.
ChildProcess::Command worker_command(const WorkerOptions& options);

// What READY says about the sandbox, with the server's own part filled in, when nothing of it is
// contradicted from outside. Errors: kUnavailable "infer.sandbox".
Outcome<SandboxReport> look_at_sandbox(const worker_protocol::Ready& ready,
                                       const ChildProcess& process);

// Whether all is applied that the level requires. Errors: kUnavailable "infer.sandbox", with what
// is missing, why, and what to do.
Outcome<void> require_sandbox(const SandboxReport& report, SandboxLevel level);

// Starts a worker, takes its READY, and ends it. Blocks for some ten milliseconds, at most ten
// seconds. Errors: those of look_at_sandbox(); kUnavailable "infer.spawn".
Outcome<SandboxReport> probe_sandbox(const WorkerOptions& options);

// A line for each layer that is not applied, for the operator's log.
void log_sandbox(const SandboxReport& report, const std::function<void(std::string_view)>& log);

}  // namespace blindai
