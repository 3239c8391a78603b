// What the worker puts around itself before it reads a model. In order, on the only thread:
//
//   leave_privileges();      // once ONNX Runtime is open
//   close_system_calls();    // last; then the model may be read
//
// A step the kernel or the container does not permit is left out and reported, except the filter,
// which is required: without it no model is read. The server logs what is missing.
#pragma once

#include <cstdint>

#include "lib/base/result.h"

namespace blindai {

// Gives up the user id (when it is root), enters an own user and network namespace, forbids new
// privileges, core files, more than a few open files, and being looked into by other processes;
// dies with the server. address_space_bytes: RLIMIT_AS, 0 for none. There is no limit on the number
// of processes: the kernel counts it for all workers together, and the filter refuses new ones.
// Returns bits of worker_protocol::Isolation.
uint32_t leave_privileges(uint64_t address_space_bytes);

// From here on only the system calls that ONNX Runtime's arithmetic, memory and threads need are
// let through. Opening files, sockets, other processes, executing and tracing give EPERM. Errors:
// kUnavailable "infer.seccomp".
Result<uint32_t> close_system_calls();

// Resident memory of this process, from /proc: before close_system_calls() only. 0 when unknown.
uint64_t resident_bytes();

}  // namespace blindai
