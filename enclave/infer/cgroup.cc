#include "enclave/infer/cgroup.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "enclave/infer/packet.h"

namespace blindai {
namespace {

constexpr std::string_view kPrefix = "blindai-worker-";

// 0, or an errno. The kernel's files are there already, so none is made.
int write_file(const std::string& path, const std::string& text) {
  const OwnedFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

// Groups of a server that was killed; those in use stay.
void remove_leftovers(const std::string& parent) {
  DIR* const folder = opendir(parent.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder))
    if (std::string_view(entry->d_name).starts_with(kPrefix))
      rmdir((parent + "/" + entry->d_name).c_str());
  closedir(folder);
}

}  // namespace

CgroupLeaf::CgroupLeaf(CgroupLeaf&& other) noexcept
    : path_(std::exchange(other.path_, {})), state_(std::exchange(other.state_, {})) {}

CgroupLeaf& CgroupLeaf::operator=(CgroupLeaf&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(state_, other.state_);
  return *this;
}

CgroupLeaf::~CgroupLeaf() {
  if (!path_.empty()) rmdir(path_.c_str());
}

CgroupParent::CgroupParent(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  remove_leftovers(path_);
  // Whether they are on already, or cannot be, shows when limits are set.
  static_cast<void>(write_file(path_ + "/cgroup.subtree_control", "+memory +pids"));
}

CgroupLeaf CgroupParent::put(pid_t pid, const CgroupLimits& limits) {
  CgroupLeaf leaf;
  if (path_.empty()) return leaf;
  std::string path =
      path_ + "/" + std::string(kPrefix) + std::to_string(getpid()) + "-" + std::to_string(next_++);
  if (mkdir(path.c_str(), 0755) != 0) {
    leaf.state_ = LayerState::refused(errno);
    return leaf;
  }
  leaf.path_ = std::move(path);
  int error = 0;
  const auto set = [&](std::string_view file, const std::string& value) {
    const int result = write_file(leaf.path_ + "/" + std::string(file), value);
    if (error == 0) error = result;
  };
  set("pids.max", std::to_string(limits.processes));
  set("memory.max", limits.memory_bytes == 0 ? "max" : std::to_string(limits.memory_bytes));
  // Not there in a kernel that does not count swap.
  if (const int swap = write_file(leaf.path_ + "/memory.swap.max", "0");
      swap != ENOENT && error == 0)
    error = swap;
  set("cgroup.procs", std::to_string(pid));
  if (error != ENOENT)
    leaf.state_ = error == 0 ? LayerState::applied() : LayerState::refused(error);
  return leaf;
}

}  // namespace blindai
