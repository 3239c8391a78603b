#include <array>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

// A child ends at once; its parent waits, so that none is left.
int collected(long pid) {
  if (pid == 0) syscall(SYS_exit_group, 0);
  if (pid < 0) return errno;
  waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return 0;
}

int start_with_vfork(const Bait&) {
  const pid_t pid = vfork();
  if (pid == 0) _exit(0);
  if (pid < 0) return errno;
  waitpid(pid, nullptr, 0);
  return 0;
}

int start_with_clone3(const Bait&) {
  clone_args arguments = {};
  arguments.exit_signal = SIGCHLD;
  return collected(syscall(SYS_clone3, &arguments, sizeof arguments));
}

// In new namespaces, where it would have all capabilities.
int start_in_namespaces(const Bait&) {
  return collected(
      syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0UL));
}

// A thread in a namespace of its own: the flag that the filter lets through, and one beside it.
int thread_in_namespace(const Bait&) {
  return call(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER, nullptr, nullptr,
              nullptr, 0UL);
}

void* wait_forever(void*) {
  for (;;) pause();
}

// As many threads as there are, up to far more than a worker needs.
int thread_bomb(const Bait&) {
  constexpr int kMany = 1000;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  for (int i = 0; i < kMany; ++i) {
    pthread_t thread;
    if (const int error = pthread_create(&thread, &small, wait_forever, nullptr); error != 0)
      return error;
  }
  return 0;
}

int execute(const Bait&, long number) {
  char* const arguments[] = {const_cast<char*>("blindai-escape"), const_cast<char*>("landed"),
                             nullptr};
  char* const environment[] = {nullptr};
  if (number == SYS_execve) return call(SYS_execve, "/proc/self/exe", arguments, environment);
  return call(SYS_execveat, AT_FDCWD, "/proc/self/exe", arguments, environment, 0);
}

int seize(pid_t pid) {
  const int seized = call(SYS_ptrace, PTRACE_SEIZE, pid, nullptr, nullptr);
  return seized;
}

int read_memory_of_server(const Bait& bait) {
  std::array<char, kSecretBytes> here{};
  const iovec local = {here.data(), here.size()};
  const iovec remote = {reinterpret_cast<void*>(bait.address), here.size()};
  return call(SYS_process_vm_readv, bait.server, &local, 1UL, &remote, 1UL, 0UL);
}

int write_memory_of_server(const Bait& bait) {
  std::array<char, kSecretBytes> here{};
  const iovec local = {here.data(), here.size()};
  const iovec remote = {reinterpret_cast<void*>(bait.address), here.size()};
  return call(SYS_process_vm_writev, bait.server, &local, 1UL, &remote, 1UL, 0UL);
}

int signal_through_pidfd(const Bait& bait) {
  const long fd = syscall(SYS_pidfd_open, bait.server, 0U);
  const int sent = call(SYS_pidfd_send_signal, fd < 0 ? 3 : fd, 0, nullptr, 0U);
  if (fd >= 0) close(static_cast<int>(fd));
  return sent;
}

int take_descriptor_of_server(const Bait& bait) {
  const long fd = syscall(SYS_pidfd_open, bait.server, 0U);
  const int taken = call_and_close(SYS_pidfd_getfd, fd < 0 ? 3 : fd, bait.descriptor, 0U);
  if (fd >= 0) close(static_cast<int>(fd));
  return taken;
}

int queue_signal(const Bait& bait) {
  siginfo_t info = {};
  info.si_code = SI_QUEUE;
  return call(SYS_rt_sigqueueinfo, bait.server, 0, &info);
}

int limits_of_server(const Bait& bait) {
  rlimit now = {};
  return call(SYS_prlimit64, bait.server, RLIMIT_NOFILE, nullptr, &now);
}

int enter_namespace_of_server(const Bait& bait) {
  const long fd = syscall(SYS_pidfd_open, bait.server, 0U);
  const int entered = call(SYS_setns, fd < 0 ? 3 : fd, CLONE_NEWNET);
  if (fd >= 0) close(static_cast<int>(fd));
  return entered;
}

constexpr Named kAttempts[] = {
#if defined(SYS_fork)
    {"start a process with fork", [](const Bait&) { return collected(syscall(SYS_fork)); },
     Control::kGetsThrough},
#endif
    {"start a process with vfork", start_with_vfork, Control::kGetsThrough},
    {"start a process with clone",
     [](const Bait&) {
       return collected(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0UL));
     },
     Control::kGetsThrough},
    {"start a process with clone3", start_with_clone3, Control::kDiffers},
    {"start a process in new namespaces", start_in_namespaces, Control::kDiffers},
    {"start a thread in a new namespace", thread_in_namespace, Control::kDiffers},
    {"start a thousand threads", thread_bomb, Control::kDiffers},
    {"execute a program", [](const Bait& bait) { return execute(bait, SYS_execve); },
     Control::kGetsThrough},
    {"execute a program with execveat",
     [](const Bait& bait) { return execute(bait, SYS_execveat); }, Control::kGetsThrough},
    {"trace the server", [](const Bait& bait) { return seize(bait.server); }, Control::kDiffers},
    {"let itself be traced",
     [](const Bait&) { return call(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr); },
     Control::kGetsThrough},
    {"read the server's memory", read_memory_of_server, Control::kDiffers},
    {"write the server's memory", write_memory_of_server, Control::kDiffers},
    {"compare with the server",
     [](const Bait& bait) { return call(SYS_kcmp, getpid(), bait.server, 2, 0UL, 0UL); },
     Control::kDiffers},
    {"signal the server", [](const Bait& bait) { return call(SYS_kill, bait.server, 0); },
     Control::kGetsThrough},
    {"signal init", [](const Bait&) { return call(SYS_kill, 1, 0); }, Control::kDiffers},
    {"signal everybody", [](const Bait&) { return call(SYS_kill, -1, 0); }, Control::kDiffers},
    {"signal a thread of the server",
     [](const Bait& bait) { return call(SYS_tgkill, bait.server, bait.server, 0); },
     Control::kGetsThrough},
    {"signal a thread by its number",
     [](const Bait& bait) { return call(SYS_tkill, bait.server, 0); }, Control::kGetsThrough},
    {"queue a signal", queue_signal, Control::kDiffers},
    {"open the server as a pidfd",
     [](const Bait& bait) { return call_and_close(SYS_pidfd_open, bait.server, 0U); },
     Control::kGetsThrough},
    {"signal the server through a pidfd", signal_through_pidfd, Control::kGetsThrough},
    {"take a descriptor of the server", take_descriptor_of_server, Control::kDiffers},
    {"read the server's limits", limits_of_server, Control::kGetsThrough},
    {"change the server's priority",
     [](const Bait& bait) {
       return call(SYS_setpriority, PRIO_PROCESS, bait.server,
                   getpriority(PRIO_PROCESS, static_cast<id_t>(bait.server)));
     },
     Control::kGetsThrough},
    {"bind the server to a processor",
     [](const Bait& bait) {
       unsigned long mask[16] = {};
       const long size = syscall(SYS_sched_getaffinity, bait.server, sizeof mask, mask);
       return call(SYS_sched_setaffinity, bait.server, size > 0 ? size : 8, mask);
     },
     Control::kGetsThrough},
    {"enter the server's namespaces", enter_namespace_of_server, Control::kDiffers},
    {"enter new namespaces", [](const Bait&) { return call(SYS_unshare, CLONE_NEWUSER); },
     Control::kDiffers},
    {"ask for its parent", [](const Bait&) { return call(SYS_getppid); }, Control::kGetsThrough},
};

}  // namespace

std::span<const Named> process_attempts() {
  return kAttempts;
}

}  // namespace blindai::escape
