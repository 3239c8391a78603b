// Source: Linux, include/uapi/linux/landlock.h, up to its ABI 7. The headers of Debian 12 end at
// ABI 2, so the structure and the numbers are here.
#include <cerrno>
#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/worker/sandbox.h"

namespace blindai {
namespace {

constexpr unsigned kAskVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION

// landlock_ruleset_attr. A kernel that knows fewer fields takes it as long as those are zero.
struct Ruleset {
  uint64_t files = 0;
  uint64_t network = 0;
  uint64_t scoped = 0;
};

// What can be denied, all of it: there are no rules that allow anything.
Ruleset everything(long abi) {
  Ruleset out;
  int file_rights = 13;            // ABI 1: execute, write, read, directories, make, remove
  if (abi >= 2) file_rights = 14;  // refer
  if (abi >= 3) file_rights = 15;  // truncate
  if (abi >= 5) file_rights = 16;  // ioctl of devices
  out.files = (uint64_t{1} << file_rights) - 1;
  if (abi >= 4) out.network = 0b11;  // TCP bind, connect
  if (abi >= 6) out.scoped = 0b11;   // abstract UNIX sockets, signals
  return out;
}

}  // namespace

void forbid_files(SandboxReport& report) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (abi < 1) {
    report[Layer::kLandlockFiles] = LayerState::refused(errno);
    return;
  }
  const Ruleset ruleset = everything(abi);
  const long fd = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0U);
  const bool applied = fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0U) == 0;
  const LayerState state = applied ? LayerState::applied() : LayerState::refused(errno);
  if (fd >= 0) close(static_cast<int>(fd));
  report[Layer::kLandlockFiles] = state;
  if (ruleset.network != 0) report[Layer::kLandlockNetwork] = state;
  if (ruleset.scoped != 0) report[Layer::kLandlockScope] = state;
}

}  // namespace blindai
