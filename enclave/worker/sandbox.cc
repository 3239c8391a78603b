#include "enclave/worker/sandbox.h"

#include <cerrno>
#include <cstdio>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace blindai {
namespace {

constexpr rlim_t kMaxOpenFiles = 32;  // buffers are closed once mapped
// More than the threads of any setting (docs/formats/worker-protocol.md: 64 and 64, and one).
constexpr rlim_t kMaxThreads = 192;

// The address and thread sanitizers reserve terabytes of addresses: no limit leaves them room.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kUnlimitedAddresses = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kUnlimitedAddresses = true;
#else
constexpr bool kUnlimitedAddresses = false;
#endif
#else
constexpr bool kUnlimitedAddresses = false;
#endif

LayerState state_of(bool applied) {
  return applied ? LayerState::applied() : LayerState::refused(errno);
}

// Soft and hard at once: nobody raises it again.
bool limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit both = {value, value};
  return setrlimit(resource, &both) == 0;
}

// Until Linux 5.14 the threads of all workers of one user were counted together, in all namespaces.
bool threads_count_alone(const SandboxReport& report) {
  utsname name = {};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return report[Layer::kUserNamespace].is_applied() && (major > 5 || (major == 5 && minor >= 14));
}

void set_limits(const WorkerArguments& arguments, SandboxReport& report) {
  report[Layer::kLimits] = state_of(
      limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, kMaxOpenFiles) &&
      (!threads_count_alone(report) || limit(RLIMIT_NPROC, kMaxThreads)) &&
      (arguments.cpu_seconds == 0 || limit(RLIMIT_CPU, arguments.cpu_seconds)));
  if (arguments.address_space_bytes != 0 && !kUnlimitedAddresses)
    report[Layer::kAddressSpace] = state_of(limit(RLIMIT_AS, arguments.address_space_bytes));
}

// A new user namespace gives all capabilities within it: nothing from here on needs one.
bool drop_capabilities() {
  static_cast<void>(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, none) == 0;
}

// The change of user has undone what the server asked for. If the server died before this call, its
// end of the socket is closed; inside a PID namespace getppid() could not tell.
void end_with_parent(int socket, SandboxReport& report) {
  report[Layer::kParentDeath] = state_of(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
  pollfd end = {socket, POLLIN, 0};
  if (poll(&end, 1, 0) == 1 && (end.revents & (POLLHUP | POLLERR)) != 0) _exit(0);
}

}  // namespace

SandboxReport leave_privileges(const WorkerArguments& arguments, int socket) {
  SandboxReport report;
  const unsigned after_socket = static_cast<unsigned>(socket) + 1;
  report[Layer::kDescriptors] = state_of(syscall(SYS_close_range, after_socket, ~0U, 0U) == 0);
  enter_namespaces(arguments, report);
  set_limits(arguments, report);
  report[Layer::kNoCapabilities] = state_of(drop_capabilities());
  report[Layer::kNoNewPrivileges] = state_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  forbid_files(report);
  report[Layer::kNotDumpable] = state_of(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
  end_with_parent(socket, report);
  return report;
}

}  // namespace blindai
