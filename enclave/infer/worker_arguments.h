// The command line of blindai-worker: what the server tells it before it has a socket to listen to.
//
//   blindai-worker LIBRARY ADDRESS_SPACE_BYTES CPU_SECONDS LEVEL NAMESPACES ERROR
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "enclave/sandbox/report.h"

namespace blindai {

struct WorkerArguments {
  std::string library;               // absolute path of ONNX Runtime's library
  uint64_t address_space_bytes = 0;  // RLIMIT_AS; 0: no limit
  uint64_t cpu_seconds = 0;          // RLIMIT_CPU of its whole life; 0: no limit
  SandboxLevel level = SandboxLevel::kBasic;
  // What the process was started in, since only its parent can do that; and why not.
  bool own_pid_namespace = false;
  bool own_user_namespace = false;
  int namespace_error = 0;  // errno, when there is no PID namespace

  bool operator==(const WorkerArguments&) const = default;
};

// Without the program's name.
std::vector<std::string> to_texts(const WorkerArguments& arguments);
// Empty for anything that to_texts() does not write. argv: with the program's name.
std::optional<WorkerArguments> parse_worker_arguments(int argc, const char* const* argv);

}  // namespace blindai
