#include "enclave/infer/child_process.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/infer/protocol.h"

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

// In the child of a fork: only calls that are safe there.
[[noreturn]] void become_worker(const Parts& parts) {
  static char telemetry[] = "ORT_DISABLE_TELEMETRY=1";
  char* const environment[] = {telemetry, nullptr};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Above the fixed numbers first, so that placing one cannot overwrite another.
  const int socket = fcntl(parts.socket, F_DUPFD, worker_protocol::kSocketFd + 1);
  const int null = fcntl(parts.null, F_DUPFD, worker_protocol::kSocketFd + 1);
  const bool placed = socket >= 0 && null >= 0 && fchdir(parts.directory) == 0 &&
                      dup2(null, 0) >= 0 && dup2(null, 1) >= 0 && dup2(null, 2) >= 0 &&
                      dup2(socket, worker_protocol::kSocketFd) >= 0 &&
                      syscall(SYS_close_range, worker_protocol::kSocketFd + 1, ~0U, 0U) == 0;
  if (placed) execve(parts.program, parts.arguments, environment);
  _exit(kNoProgram);
}

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

  std::vector<std::string> texts = {"blindai-worker"};
  texts.insert(texts.end(), command.arguments.begin(), command.arguments.end());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const Parts parts = {command.program.c_str(), arguments.data(), theirs.get(), null.get(),
                       directory.get()};
  const pid_t pid = fork();
  if (pid < 0) return cannot_start();
  if (pid == 0) become_worker(parts);

  // Not collected yet, so the number cannot have been given to another process.
  OwnedFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return cannot_start();
  }
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
  if (info.si_code == CLD_EXITED) {
    status_.code = info.si_status;
  } else {
    status_.signal = info.si_status;
  }
  // The callback may destroy this object.
  if (auto callback = std::exchange(callback_, nullptr)) callback(status_);
}

uint64_t ChildProcess::resident_bytes() const {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/statm", static_cast<int>(pid_));
  std::FILE* file = collected_ ? nullptr : std::fopen(path.data(), "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? uint64_t{resident} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace blindai
