#include "enclave/infer/child_process.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/infer/protocol.h"
#include "enclave/infer/resident_memory.h"

namespace blindai {
namespace {

constexpr int kNoProgram = 127;

std::unexpected<Error> cannot_start() {
  return fail(Code::kUnavailable,
              {"infer.spawn", "The server could not start a worker process. Try again later."});
}

// A directory without a name: nothing is in it, and nothing can be put there.
Result<OwnedFd> empty_directory(const std::string& parent) {
  std::string path = parent + "/blindai-worker-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return cannot_start();
  OwnedFd directory(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  rmdir(path.c_str());
  if (!directory) return cannot_start();
  return directory;
}

struct Parts {
  const char* program;
  char* const* arguments;
  int socket;
  int null;
  int directory;
};

// In the child of a fork, with the server's memory: system calls only, and none of the C library's
// functions around them, whose locks another thread may have held.
template <typename... Arguments>
long call(long number, Arguments... arguments) {
  return syscall(number, arguments...);
}

// What a user namespace gives is lost with the next program, unless it is handed on.
void keep_power_over_namespaces() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (call(SYS_capget, &header, data) != 0) return;
  for (const int capability : {CAP_SYS_ADMIN, CAP_SYS_CHROOT})
    data[CAP_TO_INDEX(capability)].inheritable |= CAP_TO_MASK(capability);
  if (call(SYS_capset, &header, data) != 0) return;
  for (const int capability : {CAP_SYS_ADMIN, CAP_SYS_CHROOT})
    call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

bool place_descriptors(const Parts& parts) {
  constexpr int kSocket = worker_protocol::kSocketFd;
  // Above the fixed numbers first, so that placing one cannot overwrite another.
  const long socket = call(SYS_fcntl, parts.socket, F_DUPFD, kSocket + 1);
  const long null = call(SYS_fcntl, parts.null, F_DUPFD, kSocket + 1);
  bool placed = socket >= 0 && null >= 0 && call(SYS_fchdir, parts.directory) == 0;
  for (int stream = 0; stream < 3; ++stream)
    placed = placed && call(SYS_dup3, null, stream, 0) >= 0;
  return placed && call(SYS_dup3, socket, kSocket, 0) >= 0 &&
         call(SYS_close_range, static_cast<unsigned>(kSocket) + 1, ~0U, 0U) == 0;
}

[[noreturn]] void become_worker(const Parts& parts, bool own_user_namespace) {
  static char telemetry[] = "ORT_DISABLE_TELEMETRY=1";
  char* const environment[] = {telemetry, nullptr};
  // First of all: what the server has open includes the lock of its store, which must not outlive a
  // server that is killed now.
  const bool placed = place_descriptors(parts);
  // A server that is killed before this has closed its end of the socket, which the worker notices.
  call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const uint64_t no_signals = 0;
  call(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
  const uint64_t default_action[4] = {};
  call(SYS_rt_sigaction, SIGPIPE, default_action, nullptr, sizeof no_signals);
  if (own_user_namespace) keep_power_over_namespaces();
  if (placed) call(SYS_execve, parts.program, parts.arguments, environment);
  for (;;) call(SYS_exit_group, kNoProgram);
}

// fork() with namespaces and a pidfd. x86-64 and arm64 order the last arguments, all zero,
// differently.
pid_t fork_into(int namespaces, OwnedFd& pidfd) {
  int fd = -1;
  const long pid = call(SYS_clone, static_cast<unsigned long>(namespaces | CLONE_PIDFD | SIGCHLD),
                        nullptr, &fd, nullptr, 0UL);
  if (pid > 0) pidfd = OwnedFd(fd);
  return static_cast<pid_t>(pid);
}

// The program's name and arguments, as execve takes them.
class ArgumentList {
 public:
  explicit ArgumentList(const WorkerArguments& arguments) : texts_(to_texts(arguments)) {
    pointers_.push_back(name_);
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* get() const { return pointers_.data(); }

 private:
  char name_[15] = "blindai-worker";
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Reactor& reactor,
                                                          const Command& command) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return cannot_start();
  OwnedFd ours(pair[0]);
  const OwnedFd theirs(pair[1]);
  const OwnedFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return cannot_start();
  ASSIGN_OR_RETURN(const OwnedFd directory, empty_directory(command.scratch_directory));

  // Root needs no user namespace for the PID namespace, and goes on to leave its user later: the
  // program may lie where others cannot read.
  const bool is_root = geteuid() == 0;
  WorkerArguments arguments = command.arguments;
  arguments.own_pid_namespace = true;
  arguments.own_user_namespace = !is_root;
  OwnedFd pidfd;
  const auto start_in = [&](int namespaces) {
    const ArgumentList list(arguments);
    const Parts parts = {command.program.c_str(), list.get(), theirs.get(), null.get(),
                         directory.get()};
    const pid_t started = fork_into(namespaces, pidfd);
    if (started == 0) become_worker(parts, arguments.own_user_namespace);
    return started;
  };
  pid_t pid = start_in(is_root ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER);
  if (pid < 0) {
    arguments.own_pid_namespace = false;
    arguments.own_user_namespace = false;
    arguments.namespace_error = errno;
    pid = start_in(0);
  }
  if (pid < 0) return cannot_start();
  std::unique_ptr<ChildProcess> child(new ChildProcess(pid, std::move(pidfd), std::move(ours)));
  child->watch_ = reactor.watch(child->pidfd_.get());
  child->watch_->when_readable([self = child.get()] { self->collect(false); });
  return child;
}

ChildProcess::~ChildProcess() {
  if (collected_) return;
  kill();
  watch_.reset();
  callback_ = nullptr;
  collect(true);
}

void ChildProcess::when_gone(std::function<void(ExitStatus)> callback) {
  callback_ = std::move(callback);
}

void ChildProcess::kill() {
  if (!collected_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0U);
}

void ChildProcess::enter_cgroup(CgroupParent& parent, const CgroupLimits& limits) {
  cgroup_ = parent.put(pid_, limits);
}

void ChildProcess::collect(bool wait) {
  siginfo_t info = {};
  const int options = WEXITED | (wait ? 0 : WNOHANG);
  int result = 0;
  do {
    // By number, which is safe until it is collected: the reactor has made the pidfd non-blocking,
    // and waiting on such a one does not wait.
    result = waitid(P_PID, static_cast<id_t>(pid_), &info, options);
  } while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) {  // not yet
    watch_->when_readable([this] { collect(false); });
    return;
  }
  collected_ = true;
  cgroup_ = CgroupLeaf();
  if (info.si_code == CLD_EXITED) {
    status_.code = info.si_status;
  } else {
    status_.signal = info.si_status;
  }
  // The callback may destroy this object.
  if (auto callback = std::exchange(callback_, nullptr)) callback(status_);
}

uint64_t ChildProcess::resident_bytes() const {
  return collected_ ? 0 : resident_bytes_of(std::to_string(pid_));
}

}  // namespace blindai
