#include "enclave/worker/sandbox.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/infer/protocol.h"

namespace blindai {
namespace {

using worker_protocol::Isolation;

constexpr uid_t kNobody = 65534;
constexpr rlim_t kMaxOpenFiles = 32;  // buffers are closed once mapped

void limit(int resource, rlim_t value) {
  const rlimit both = {value, value};
  static_cast<void>(setrlimit(static_cast<__rlimit_resource_t>(resource), &both));
}

// A new user namespace gives all capabilities within it: nothing here needs one.
bool drop_capabilities() {
  static_cast<void>(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, none) == 0;
}

bool allow(scmp_filter_ctx filter, int call) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

// What runs in a worker after the model: memory, threads, clocks, and messages on one socket.
constexpr int kAllowed[] = {
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
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
    SCMP_SYS(sched_setaffinity),
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
    SCMP_SYS(tgkill),
    SCMP_SYS(membarrier),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
};

// libseccomp's own macros leave the last operand out where it is not needed.
scmp_arg_cmp argument(unsigned number, scmp_compare how, uint64_t a, uint64_t b = 0) {
  return {.arg = number, .op = how, .datum_a = a, .datum_b = b};
}

bool add_rules(scmp_filter_ctx filter) {
  for (int call : kAllowed)
    if (!allow(filter, call)) return false;
  // New threads only. glibc falls back to clone, whose flags a filter can see, from clone3.
  const bool threads =
      seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                       argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
  // Memory that is written is never executed.
  const bool memory = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                       argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
                      seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                       argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
  // Reading the seals of a memfd.
  const bool seals = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                                      argument(1, SCMP_CMP_EQ, F_GET_SEALS)) == 0;
  return threads && memory && seals;
}

}  // namespace

uint32_t leave_privileges(uint64_t address_space_bytes) {
  uint32_t isolation = 0;
  // Whether it worked shows in what the namespaces and the filter report; there is no other way on.
  [[maybe_unused]] const bool other_user = geteuid() == 0 && setgroups(0, nullptr) == 0 &&
                                           setresgid(kNobody, kNobody, kNobody) == 0 &&
                                           setresuid(kNobody, kNobody, kNobody) == 0;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0)
    isolation |= Isolation::kUserNamespace | Isolation::kNetworkNamespace;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, kMaxOpenFiles);
  if (address_space_bytes != 0) limit(RLIMIT_AS, address_space_bytes);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) isolation |= Isolation::kNoNewPrivileges;
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) isolation |= Isolation::kNotDumpable;
  if (drop_capabilities()) isolation |= Isolation::kNoCapabilities;
  // After the change of user, which would undo it. The end of the socket does the same, later.
  static_cast<void>(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  return isolation;
}

Result<uint32_t> close_system_calls() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return fail(Code::kUnavailable, "infer.seccomp");
  const bool loaded = add_rules(filter) && seccomp_load(filter) == 0;
  seccomp_release(filter);
  if (!loaded) return fail(Code::kUnavailable, "infer.seccomp");
  return Isolation::kSeccomp;
}

uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  if (read != 2) return 0;
  return uint64_t{resident} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace blindai
