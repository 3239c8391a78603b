// One worker process: started with one socket and nothing else, collected when it is gone.
//
// The child has an empty environment but for ORT_DISABLE_TELEMETRY, an empty directory that has no
// name any more as its working directory, /dev/null as its standard streams, the socket as
// descriptor 3, and no other descriptor. Where the kernel permits it, it is alone in a PID
// namespace; for a server that is not root that takes a user namespace, in which it then may make
// the others (enclave/worker/sandbox.h). The rest of its sandbox it puts around itself.
// Errors   kUnavailable infer.spawn   Threads: the reactor's. The process dies with the thread that
// started it.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

#include "enclave/infer/cgroup.h"
#include "enclave/infer/packet.h"
#include "enclave/infer/worker_arguments.h"
#include "net/reactor.h"

namespace blindai {

// How a process ended: its exit status, or the signal that ended it.
struct ExitStatus {
  int code = 0;
  int signal = 0;
};

class ChildProcess {
 public:
  struct Command {
    std::string program;            // absolute path
    WorkerArguments arguments;      // the namespaces in it are filled in by start()
    std::string scratch_directory;  // where the empty directory is made, and removed at once
  };
  static Result<std::unique_ptr<ChildProcess>> start(Reactor& reactor, const Command& command);
  // Kills and waits for a process that is still there.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Called once when it is gone, never inside a call.
  void when_gone(std::function<void(ExitStatus)> callback);
  void kill();
  // Once, before the process has a model. The group goes with the process.
  void enter_cgroup(CgroupParent& parent, const CgroupLimits& limits);
  LayerState cgroup() const { return cgroup_.state(); }
  bool collected() const { return collected_; }
  pid_t pid() const { return pid_; }
  int socket() const { return socket_.get(); }  // non-blocking use
  // Resident memory now, shared pages counted; 0 when unknown.
  uint64_t resident_bytes() const;

 private:
  ChildProcess(pid_t pid, OwnedFd pidfd, OwnedFd socket)
      : pid_(pid), pidfd_(std::move(pidfd)), socket_(std::move(socket)) {}
  void collect(bool wait);

  pid_t pid_;
  OwnedFd pidfd_;
  OwnedFd socket_;
  CgroupLeaf cgroup_;
  bool collected_ = false;
  ExitStatus status_;
  std::function<void(ExitStatus)> callback_;
  std::unique_ptr<Reactor::Watch> watch_;  // after pidfd_: destroyed first
};

}  // namespace blindai
