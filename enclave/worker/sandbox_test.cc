// Each test closes the sandbox around a child process and tries to get out of it.
#include "enclave/worker/sandbox.h"

#include <atomic>
#include <cerrno>
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

#include "enclave/infer/protocol.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

constexpr int kRefused = 40;
constexpr int kAllowed = 41;
constexpr int kNoFilter = 42;

// How a child that tried `attempt` inside the sandbox ended. attempt: true when it got through.
int in_sandbox(const std::function<bool()>& attempt) {
  const pid_t pid = fork();
  if (pid == 0) {
    leave_privileges(0);
    if (!close_system_calls()) _exit(kNoFilter);
    _exit(attempt() ? kAllowed : kRefused);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
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

TEST(Sandbox, SaysWhatItCouldDo) {
  EXPECT_EQ(in_sandbox([] { return true; }), kAllowed);
  const pid_t pid = fork();
  if (pid == 0) {
    const uint32_t isolation = leave_privileges(0);
    const bool dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
    const bool privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    rlimit core = {1, 1};
    getrlimit(RLIMIT_CORE, &core);
    using worker_protocol::Isolation;
    const uint32_t always =
        Isolation::kNoNewPrivileges | Isolation::kNotDumpable | Isolation::kNoCapabilities;
    _exit(!dumpable && !privileges && core.rlim_max == 0 && (isolation & always) == always &&
                  geteuid() != 0
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace blindai
