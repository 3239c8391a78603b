#include <array>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

constexpr const char* kNowhere = "/nonexistent-blindai";

// To what it is already: whoever may set a limit may raise it, up to the hard one.
int set_limit(const Bait&) {
  rlimit now = {};
  syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &now);
  return call(SYS_prlimit64, 0, RLIMIT_NOFILE, &now, nullptr);
}

int raise_limit(const Bait&) {
  const rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
  return call(SYS_prlimit64, 0, RLIMIT_CORE, &more, nullptr);
}

int take_capabilities(const Bait&) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  syscall(SYS_capget, &header, data.data());
  return call(SYS_capset, &header, data.data());
}

int count_events(const Bait&) {
  perf_event_attr event = {};
  event.type = PERF_TYPE_SOFTWARE;
  event.size = sizeof event;
  event.config = PERF_COUNT_SW_TASK_CLOCK;
  event.exclude_kernel = 1;
  event.exclude_hv = 1;
  return call_and_close(SYS_perf_event_open, &event, 0, -1, -1, 0UL);
}

int ring(const Bait&) {
  io_uring_params parameters = {};
  return call_and_close(SYS_io_uring_setup, 1U, &parameters);
}

int add_key(const Bait&) {
  return call(SYS_add_key, "user", "blindai-escape", "x", 1UL, KEY_SPEC_PROCESS_KEYRING);
}

// A command that there is not: only who may load programs hears that.
int load_bpf(const Bait&) {
  bpf_attr attributes = {};
  return call(SYS_bpf, 9999, &attributes, sizeof attributes);
}

int sizes_of_notifications(const Bait&) {
  seccomp_notif_sizes sizes = {};
  return call(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
}

int real_time(const Bait&) {
  const sched_param lowest = {.sched_priority = 1};
  return call(SYS_sched_setscheduler, 0, SCHED_FIFO, &lowest);
}

constexpr Named kAttempts[] = {
    {"mount", [](const Bait&) { return call(SYS_mount, "none", kNowhere, "tmpfs", 0UL, nullptr); },
     Control::kDiffers},
    {"unmount", [](const Bait&) { return call(SYS_umount2, kNowhere, MNT_DETACH); },
     Control::kDiffers},
    {"open a file system", [](const Bait&) { return call_and_close(SYS_fsopen, "tmpfs", 0U); },
     Control::kDiffers},
    {"copy a mount", [](const Bait&) { return call_and_close(SYS_open_tree, AT_FDCWD, "/", 0U); },
     Control::kDiffers},
    {"exchange the root", [](const Bait&) { return call(SYS_pivot_root, kNowhere, kNowhere); },
     Control::kDiffers},
    {"keep its limits as they are", set_limit, Control::kGetsThrough},
    {"raise a limit", raise_limit, Control::kDiffers},
    {"become dumpable", [](const Bait&) { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); },
     Control::kGetsThrough},
    {"outlive the server",
     [](const Bait&) { return call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0); },
     Control::kGetsThrough},
    {"let others trace it",
     [](const Bait&) { return call(SYS_prctl, PR_SET_PTRACER, -1, 0, 0, 0); }, Control::kDiffers},
    {"become root", [](const Bait&) { return call(SYS_setresuid, 0, 0, 0); }, Control::kDiffers},
    {"become another group", [](const Bait&) { return call(SYS_setresgid, 0, 0, 0); },
     Control::kDiffers},
    {"join groups", [](const Bait&) { return call(SYS_setgroups, 0UL, nullptr); },
     Control::kDiffers},
    {"take capabilities", take_capabilities, Control::kGetsThrough},
    {"use a keyring",
     [](const Bait&) {
       return call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1);
     },
     Control::kDiffers},
    {"add a key", add_key, Control::kDiffers},
    {"load a kernel program", load_bpf, Control::kDiffers},
    {"count events", count_events, Control::kDiffers},
    {"handle page faults", [](const Bait&) { return call_and_close(SYS_userfaultfd, 1); },
     Control::kDiffers},
    {"make an io_uring", ring, Control::kDiffers},
    {"change the filter", sizes_of_notifications, Control::kGetsThrough},
    {"change personality", [](const Bait&) { return call(SYS_personality, 0xffffffffUL); },
     Control::kGetsThrough},
    {"ask for quotas", [](const Bait&) { return call(SYS_quotactl, 0, kNowhere, 0, nullptr); },
     Control::kDiffers},
    // Without the two magic numbers nothing is restarted, whoever asks.
    {"restart the machine", [](const Bait&) { return call(SYS_reboot, 0, 0, 0, nullptr); },
     Control::kDiffers},
    {"load a kernel module", [](const Bait&) { return call(SYS_finit_module, -1, "", 0); },
     Control::kDiffers},
    {"remove a kernel module", [](const Bait&) { return call(SYS_delete_module, kNowhere, 0U); },
     Control::kDiffers},
    // More segments than there can be.
    {"load another kernel",
     [](const Bait&) { return call(SYS_kexec_load, 0UL, 0xffffUL, nullptr, 0UL); },
     Control::kDiffers},
    {"set the clock", [](const Bait&) { return call(SYS_settimeofday, nullptr, nullptr); },
     Control::kDiffers},
    {"adjust the clock", [](const Bait&) { return call(SYS_clock_adjtime, 0, nullptr); },
     Control::kDiffers},
    {"name the machine", [](const Bait&) { return call(SYS_sethostname, "x", -1); },
     Control::kDiffers},
    {"swap", [](const Bait&) { return call(SYS_swapon, kNowhere, 0); }, Control::kDiffers},
    {"account for processes", [](const Bait&) { return call(SYS_acct, kNowhere); },
     Control::kDiffers},
    {"read the kernel's log", [](const Bait&) { return call(SYS_syslog, 10, nullptr, 0); },
     Control::kDiffers},
    {"ask which machine it is",
     [](const Bait&) {
       std::array<char, 512> name{};
       return call(SYS_uname, name.data());
     },
     Control::kGetsThrough},
    {"become a real-time process", real_time, Control::kDiffers},
    {"make a message queue", [](const Bait&) { return call(SYS_msgget, 0x1a2b3c, 0); },
     Control::kDiffers},
    {"make a pipe",
     [](const Bait&) {
       int ends[2];
       if (syscall(SYS_pipe2, ends, 0) != 0) return errno;
       close(ends[0]);
       close(ends[1]);
       return 0;
     },
     Control::kGetsThrough},
#if defined(__x86_64__)
    {"use ports", [](const Bait&) { return call(SYS_iopl, 0); }, Control::kDiffers},
    {"read descriptor tables",
     [](const Bait&) {
       std::array<char, 64> table{};
       return call(SYS_modify_ldt, 0, table.data(), table.size());
     },
     Control::kDiffers},
    {"make a call of the x32 kind", [](const Bait&) { return call(0x40000000L | SYS_getpid); },
     Control::kDiffers},
    {"make a call of the 32-bit kind",
     [](const Bait&) {
       constexpr long kGetpid32 = 20;
       long result = kGetpid32;
       asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
       return result >= 0 ? 0 : static_cast<int>(-result);
     },
     Control::kDiffers},
#endif
};

}  // namespace

std::span<const Named> kernel_attempts() {
  return kAttempts;
}

}  // namespace blindai::escape
