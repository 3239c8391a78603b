#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "enclave/worker/sandbox.h"

namespace blindai {
namespace {

// What runs in a worker after the model: memory, threads, clocks, and messages on one socket. None
// of these takes a path, and none acts on another process (sched_getaffinity reads which processors
// a thread may use, which the C library asks of each of its own by number).
constexpr int kAllowed[] = {
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(membarrier),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
};

// What glibc's pthread_create asks for, and nothing more: no process, no namespace.
constexpr uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                  CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                  CLONE_CHILD_CLEARTID;

// libseccomp's own macros leave the last operand out where it is not needed.
scmp_arg_cmp argument(unsigned number, scmp_compare how, uint64_t a, uint64_t b = 0) {
  return {.arg = number, .op = how, .datum_a = a, .datum_b = b};
}

// Zero, or a negative errno, as libseccomp says it.
int allow_when(scmp_filter_ctx filter, int call, const scmp_arg_cmp& condition) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition);
}

int add_rules(scmp_filter_ctx filter) {
  int error = 0;
  const auto then = [&error](int result) {
    if (error == 0) error = result;
  };
  for (const int call : kAllowed) then(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0));
  // glibc falls back to clone, whose flags a filter can see, from clone3.
  then(allow_when(filter, SCMP_SYS(clone), argument(0, SCMP_CMP_EQ, kThreadFlags)));
  then(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
  // Memory that is written is never executed.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    then(allow_when(filter, call, argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
  // Reading the seals of a memfd.
  then(allow_when(filter, SCMP_SYS(fcntl), argument(1, SCMP_CMP_EQ, F_GET_SEALS)));
  // abort(). Without a PID namespace the server and other workers have numbers too.
  const auto self = static_cast<uint64_t>(getpid());
  then(allow_when(filter, SCMP_SYS(tgkill), argument(0, SCMP_CMP_EQ, self)));
  return error;
}

}  // namespace

void close_system_calls(SandboxReport& report) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  int error = filter == nullptr ? -ENOMEM : add_rules(filter);
  if (error == 0) error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (error == 0) error = seccomp_load(filter);
  if (filter != nullptr) seccomp_release(filter);
  report[Layer::kSeccomp] = error == 0 ? LayerState::applied() : LayerState::refused(-error);
}

}  // namespace blindai
