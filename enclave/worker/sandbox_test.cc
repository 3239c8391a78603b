// Each test closes the sandbox around a child process and tries to get out of it.
#include "enclave/worker/sandbox.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

constexpr int kRefused = 40;
constexpr int kAllowed = 41;
constexpr int kNoSandbox = 42;

// How a child that tried `attempt` inside the sandbox ended. attempt: true when it got through.
int in_sandbox(const std::function<bool()>& attempt) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    SandboxReport report = leave_privileges({}, ends[0]);
    close_system_calls(report);
    if (!missing(report, SandboxLevel::kBasic).empty()) _exit(kNoSandbox);
    _exit(attempt() ? kAllowed : kRefused);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  for (const int end : ends) close(end);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// A raw system call: nothing of the C library in between. True when it succeeded.
template <typename... Args>
bool call(long number, Args... args) {
  errno = 0;
  return syscall(number, args...) >= 0 || errno != EPERM;
}

TEST(Sandbox, OpensNoFile) {
  EXPECT_EQ(in_sandbox([] { return call(SYS_open, "/etc/hostname", O_RDONLY); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_openat, AT_FDCWD, ".", O_RDONLY); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_openat2, AT_FDCWD, ".", nullptr, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_creat, "made", 0600); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_readlink, "/proc/self/exe", nullptr, 0); }), kRefused);
}

TEST(Sandbox, MakesNoSocketAndConnectsNone) {
  EXPECT_EQ(in_sandbox([] { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_connect, 0, nullptr, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_sendto, 0, nullptr, 0, 0, nullptr, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_io_uring_setup, 1, nullptr); }), kRefused);
}

TEST(Sandbox, StartsNoProcessAndTouchesNone) {
  EXPECT_EQ(in_sandbox([] { return call(SYS_fork); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_vfork); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0); }),
            kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_execve, "/bin/true", nullptr, nullptr); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_execveat, 0, "/bin/true", nullptr, nullptr, 0); }),
            kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_ptrace, PTRACE_ATTACH, 1, nullptr, nullptr); }),
            kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0); }),
            kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_kill, 1, 0); }), kRefused);
}

TEST(Sandbox, GainsNothingBack) {
  EXPECT_EQ(in_sandbox([] { return call(SYS_setuid, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_unshare, CLONE_NEWUSER); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_mount, "", "/", "", 0, nullptr); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_bpf, 0, nullptr, 0); }), kRefused);
}

TEST(Sandbox, WritesNoCode) {
  EXPECT_EQ(in_sandbox([] {
              return call(SYS_mmap, nullptr, 4096, PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            }),
            kRefused);
  EXPECT_EQ(in_sandbox([] {
              void* page =
                  mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return page == MAP_FAILED || call(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC);
            }),
            kRefused);
}

#if !defined(BLINDAI_THREAD_SANITIZER)
TEST(Sandbox, LeavesThreadsMemoryAndMessages) {
  EXPECT_EQ(in_sandbox([] {
              std::atomic<int> ran = 0;
              std::thread([&] { ran = 1; }).join();
              std::string large(64 << 20, 'x');
              return ran == 1 && large.back() == 'x';
            }),
            kAllowed);
}
#endif

// Without a PID namespace a worker could otherwise name the server and other workers.
TEST(Sandbox, SignalsNoThreadButItsOwn) {
  const pid_t other = getpid();
  EXPECT_EQ(in_sandbox([&] { return call(SYS_tgkill, other, other, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([&] { return call(SYS_sched_setaffinity, other, 0, nullptr); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_tgkill, getpid(), syscall(SYS_gettid), 0); }),
            kAllowed);
  EXPECT_EQ(in_sandbox([] {
              std::abort();
              return true;
            }),
            -SIGABRT);
}

TEST(Sandbox, LooksAtNoFileByName) {
  EXPECT_EQ(in_sandbox([] { return call(SYS_newfstatat, AT_FDCWD, "/", nullptr, 0); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_statx, AT_FDCWD, "/", 0, 0, nullptr); }), kRefused);
  EXPECT_EQ(in_sandbox([] { return call(SYS_chdir, "/"); }), kRefused);
}

// The end of the server's socket before the kernel could be told whose death matters.
TEST(Sandbox, EndsWhenTheServerIsGoneAlready) {
  const pid_t pid = fork();
  if (pid == 0) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
    close(ends[1]);
    leave_privileges({}, ends[0]);
    _exit(kAllowed);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Another architecture's calls would go around a filter of this one's.
#if defined(__x86_64__)
TEST(Sandbox, CallsOfOtherProgramsEndTheProcess) {
  constexpr long kX32 = 0x40000000;
  EXPECT_EQ(in_sandbox([] { return call(kX32 | SYS_getpid); }), -SIGSYS);
}
#endif

}  // namespace
}  // namespace blindai
