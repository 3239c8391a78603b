#include "tests/sandbox/system_call_trace.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blindai {
namespace {

constexpr long kNetwork[] = {SYS_socket,  SYS_connect, SYS_bind,    SYS_listen,
                             SYS_accept4, SYS_sendto,  SYS_sendmmsg};

struct FileCall {
  long number;
  int path;   // which argument
  int flags;  // which argument; -1: none, and it always changes something
};
constexpr FileCall kFiles[] = {
#if defined(SYS_open)
    {SYS_open, 0, 1},     {SYS_creat, 0, -1},     {SYS_mkdir, 0, -1},    {SYS_unlink, 0, -1},
    {SYS_rename, 0, -1},
#endif
    {SYS_openat, 1, 2},   {SYS_mkdirat, 1, -1},   {SYS_unlinkat, 1, -1}, {SYS_renameat2, 1, -1},
    {SYS_mknodat, 1, -1}, {SYS_symlinkat, 2, -1}, {SYS_truncate, 0, -1},
};

const FileCall* file_call(long number) {
  const auto found = std::ranges::find(kFiles, number, &FileCall::number);
  return found == std::end(kFiles) ? nullptr : found;
}

std::string read_text(pid_t pid, uint64_t address) {
  constexpr uint64_t kPage = 4096;
  std::string out;
  while (out.size() < 4096) {
    std::array<char, kPage> piece{};
    const size_t wanted = kPage - address % kPage;  // a text may end with its page
    const iovec local = {piece.data(), wanted};
    const iovec remote = {reinterpret_cast<void*>(address), wanted};
    const ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (n <= 0) break;
    const size_t length = strnlen(piece.data(), static_cast<size_t>(n));
    out.append(piece.data(), length);
    if (length < static_cast<size_t>(n)) break;
    address += static_cast<uint64_t>(n);
  }
  return out;
}

class Tracer {
 public:
  explicit Tracer(pid_t first) { programs_[first] = program_of(first); }
  Trace run(pid_t first);

 private:
  static std::string program_of(pid_t pid) {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", ignored)
        .filename();
  }
  // The signal to deliver.
  int stopped(pid_t pid, int status);
  void event(pid_t pid, int kind);
  void call(pid_t pid);

  std::map<pid_t, std::string> programs_;
  Trace trace_;
};

void Tracer::call(pid_t pid) {
  __ptrace_syscall_info info = {};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return;
  const auto number = static_cast<long>(info.entry.nr);
  if (!makes_network(number) && !touches_files(number)) return;
  TracedCall out = {.program = programs_[pid], .number = number, .arguments = {}, .path = {}};
  std::copy(std::begin(info.entry.args), std::end(info.entry.args), out.arguments.begin());
  if (const FileCall* file = file_call(number))
    out.path = read_text(pid, out.arguments[static_cast<size_t>(file->path)]);
  trace_.calls.push_back(std::move(out));
}

void Tracer::event(pid_t pid, int kind) {
  unsigned long message = 0;
  ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
  if (kind == PTRACE_EVENT_EXEC) {
    programs_[pid] = program_of(pid);
    std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
    trace_.programs.push_back(
        {programs_[pid], std::string((std::istreambuf_iterator<char>(file)), {})});
  } else {
    programs_[static_cast<pid_t>(message)] = programs_[pid];
  }
}

int Tracer::stopped(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  const int kind = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    call(pid);
    return 0;
  }
  if (kind != 0) {
    event(pid, kind);
    return 0;
  }
  return signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

Trace Tracer::run(pid_t first) {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) return std::move(trace_);
    if (WIFSTOPPED(status)) {
      ptrace(PTRACE_SYSCALL, pid, 0, stopped(pid, status));
    } else if (pid == first) {
      trace_.complete = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
  }
}

}  // namespace

bool makes_network(long number) {
  return std::ranges::find(kNetwork, number) != std::end(kNetwork);
}

bool touches_files(long number) {
  return file_call(number) != nullptr;
}

bool writes(const TracedCall& call) {
  const FileCall* const file = file_call(call.number);
  if (file == nullptr) return false;
  constexpr uint64_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  return file->flags < 0 || (call.arguments[static_cast<size_t>(file->flags)] & kWriting) != 0;
}

Trace trace_system_calls(const std::function<void()>& body) {
  const pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(first, &status, __WALL);
  ptrace(PTRACE_SETOPTIONS, first, 0,
         PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
             PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  ptrace(PTRACE_SYSCALL, first, 0, 0);
  return Tracer(first).run(first);
}

}  // namespace blindai
