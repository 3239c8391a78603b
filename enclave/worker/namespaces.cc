#include <array>
#include <cerrno>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/worker/sandbox.h"

namespace blindai {
namespace {

constexpr uid_t kNobody = 65534;

struct Namespace {
  Layer layer;
  int flag;
};
constexpr std::array<Namespace, 3> kNamespaces = {{
    {Layer::kNetworkNamespace, CLONE_NEWNET},
    {Layer::kIpcNamespace, CLONE_NEWIPC},
    {Layer::kMountNamespace, CLONE_NEWNS},
}};

// Somewhere to put the new root for a moment: none of these has to exist, but one does.
constexpr std::array<const char*, 5> kPlaces = {"/proc", "/dev", "/tmp", "/usr", "/etc"};

bool mount_empty_directory() {
  for (const char* const place : kPlaces) {
    // May be entered and nothing else; room for the root directory alone.
    if (mount("none", place, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=4k,nr_inodes=1,mode=111") == 0)
      return chdir(place) == 0;
    if (errno != ENOENT && errno != ENOTDIR) return false;
  }
  return false;
}

// The system's first root (of an initramfs) cannot be exchanged, only covered. Nothing below is
// reachable: without capabilities a process neither unmounts nor leaves its root.
bool cover_root() {
  return mount(".", "/", nullptr, MS_MOVE, nullptr) == 0 && chroot(".") == 0;
}

// The old root is first below the new one, then gone.
bool change_root() {
  return syscall(SYS_pivot_root, ".", ".") == 0 ? umount2(".", MNT_DETACH) == 0 : cover_root();
}

bool enter_empty_root() {
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount_empty_directory() && change_root() && chdir("/") == 0;
}

// Those that there are not yet. One that is refused does not keep the others away.
void enter_missing(SandboxReport& report) {
  for (const auto& [layer, flag] : kNamespaces) {
    if (report[layer].is_applied()) continue;
    report[layer] = unshare(flag) == 0 ? LayerState::applied() : LayerState::refused(errno);
    if (layer == Layer::kMountNamespace && report[layer].is_applied())
      report[Layer::kEmptyRoot] =
          enter_empty_root() ? LayerState::applied() : LayerState::refused(errno);
  }
}

LayerState leave_root_user() {
  if (geteuid() != 0) return LayerState::applied();
  const bool left = setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
                    setresuid(kNobody, kNobody, kNobody) == 0;
  return left ? LayerState::applied() : LayerState::refused(errno);
}

}  // namespace

void enter_namespaces(const WorkerArguments& arguments, SandboxReport& report) {
  report[Layer::kPidNamespace] = arguments.own_pid_namespace
                                     ? LayerState::applied()
                                     : LayerState::refused(arguments.namespace_error);
  // With the power of root, or that over a user namespace it was started in; both end here.
  enter_missing(report);
  report[Layer::kUser] = leave_root_user();
  if (arguments.own_user_namespace || unshare(CLONE_NEWUSER) == 0) {
    report[Layer::kUserNamespace] = LayerState::applied();
    enter_missing(report);
  } else {
    report[Layer::kUserNamespace] = LayerState::refused(errno);
  }
  // Without a mount namespace nothing was tried.
  if (report[Layer::kEmptyRoot].kind == LayerState::Kind::kNotPresent)
    report[Layer::kEmptyRoot] = report[Layer::kMountNamespace];
}

}  // namespace blindai
