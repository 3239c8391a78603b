// What the server can see of a worker's sandbox from outside, in /proc. A worker that has no model
// yet is as trusted as the server; this notices an error of ours, or another program in its place.
#pragma once

#include <optional>
#include <string_view>
#include <sys/types.h>

#include "enclave/sandbox/report.h"

namespace blindai {

// What /proc/PID/status says; empty for a line that is not there or not a number.
struct ProcessStatus {
  std::optional<uint64_t> effective_user;
  std::optional<uint64_t> permitted_capabilities;
  std::optional<uint64_t> no_new_privileges;
  std::optional<uint64_t> seccomp;         // 2: a filter
  std::optional<uint64_t> pid_namespaces;  // in how many it has a number
};
// Source: proc(5). Total: any text gives a result.
ProcessStatus parse_process_status(std::string_view text);

// The layers that `report` calls applied and /proc does not show. What /proc does not say (it is
// not mounted, or does not show the namespaces of a process that cannot be dumped) is not
// contradicted. pid: a process of this one that has not been collected.
std::vector<Layer> contradicted(pid_t pid, const SandboxReport& report);

}  // namespace blindai
