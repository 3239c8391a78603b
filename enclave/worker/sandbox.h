// What the worker puts around itself before it reads a model. On the only thread, once ONNX
// Runtime is open (it reads files when it starts, and no model is in the process then):
//
//   SandboxReport report = leave_privileges(arguments, socket);
//   close_system_calls(report);
//   if (!missing(report, arguments.level).empty()) _exit(...);
//
// Every layer is tried, whatever level is required; what the kernel or the container does not
// permit is left out and reported with its errno. Which order they need, and why:
// docs/adr/0011-worker-sandbox.md. There is no way back.
#pragma once

#include "enclave/infer/worker_arguments.h"
#include "enclave/sandbox/report.h"

namespace blindai {

// All layers but the filter, and kCgroup, which is the server's work. Ends the process when the
// other end of `socket` is closed, that is, when the server died before the kernel could be told to
// end this process with it.
SandboxReport leave_privileges(const WorkerArguments& arguments, int socket);

// Fills in kSeccomp. From here on only the system calls that ONNX Runtime's arithmetic, memory and
// threads need are let through; all others fail with EPERM. System calls of another kind (those of
// 32-bit programs) end the process.
void close_system_calls(SandboxReport& report);

// Of leave_privileges(), in namespaces.cc: kUser, kUserNamespace, kNetworkNamespace, kIpcNamespace,
// kPidNamespace, kMountNamespace, kEmptyRoot. Uses the capabilities that the process was started
// with, and does not drop them.
void enter_namespaces(const WorkerArguments& arguments, SandboxReport& report);
// Of leave_privileges(), in landlock.cc: kLandlockFiles, kLandlockNetwork, kLandlockScope, as far
// as the kernel's version goes. Needs no_new_privs.
void forbid_files(SandboxReport& report);

}  // namespace blindai
