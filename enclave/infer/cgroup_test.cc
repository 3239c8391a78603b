#include "enclave/infer/cgroup.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blindai {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  explicit Folder(const fs::path& above)
      : path_(above / ("blindai-cgroup-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  // Not remove_all(): the kernel's files in a cgroup cannot be removed, and go with it.
  ~Folder() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path_, ignored))
      if (entry.is_directory()) rmdir(entry.path().c_str());
    rmdir(path_.c_str());
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

size_t num_groups(const fs::path& parent) {
  size_t out = 0;
  for (const auto& entry : fs::directory_iterator(parent)) out += entry.is_directory() ? 1U : 0U;
  return out;
}

TEST(Cgroup, WithoutADelegatedOneThereIsNone) {
  CgroupParent parent("");
  const CgroupLeaf leaf = parent.put(getpid(), {});
  EXPECT_EQ(leaf.state(), LayerState());
  EXPECT_TRUE(leaf.path().empty());
}

TEST(Cgroup, WhatTheKernelRefusesIsSaidWithItsError) {
  CgroupParent missing("/nonexistent/cgroup");
  EXPECT_EQ(missing.put(getpid(), {}).state(), LayerState::refused(ENOENT));
}

// A folder that is no cgroup has no limits to set: the layer is not present, and nothing stays.
TEST(Cgroup, FoldersWithoutControllersAreNotTakenForLimits) {
  const Folder folder(::testing::TempDir());
  CgroupParent parent(folder.path());
  {
    const CgroupLeaf leaf = parent.put(getpid(), {.memory_bytes = 1 << 20});
    EXPECT_EQ(leaf.state(), LayerState());
    EXPECT_EQ(num_groups(folder.path()), 1u);
    CgroupLeaf moved;
    CgroupLeaf other = parent.put(getpid(), {});
    moved = std::move(other);
    EXPECT_EQ(num_groups(folder.path()), 2u);
  }
  EXPECT_EQ(num_groups(folder.path()), 0u);
}

TEST(Cgroup, GroupsThatAKilledServerLeftAreRemovedAndOthersAreNot) {
  const Folder folder(::testing::TempDir());
  fs::create_directory(folder.path() / "blindai-worker-1-0");
  fs::create_directory(folder.path() / "server");
  const CgroupParent parent(folder.path());
  EXPECT_FALSE(fs::exists(folder.path() / "blindai-worker-1-0"));
  EXPECT_TRUE(fs::exists(folder.path() / "server"));
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The mount of cgroup v2, where this user may make groups; empty otherwise.
fs::path writable_cgroups() {
  std::ifstream mounts("/proc/self/mounts");
  std::string device;
  std::string place;
  std::string type;
  std::string rest;
  while (mounts >> device >> place >> type && std::getline(mounts, rest))
    if (type == "cgroup2" && access(place.c_str(), W_OK) == 0) return place;
  return {};
}

TEST(Cgroup, AWorkerGetsAGroupOfItsOwnAndTheGroupGoesWithIt) {
  const fs::path root = writable_cgroups();
  if (root.empty()) GTEST_SKIP() << "no cgroup v2 that this user may write to";
  const Folder folder(root);
  CgroupParent parent(folder.path());
  const pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  {
    const CgroupLeaf leaf = parent.put(pid, {.memory_bytes = 64 << 20, .processes = 5});
    EXPECT_EQ(text_of(fs::path(leaf.path()) / "cgroup.procs"), std::to_string(pid) + "\n");
    const std::string controllers = text_of(folder.path() / "cgroup.subtree_control");
    const bool both = controllers.find("memory") != std::string::npos &&
                      controllers.find("pids") != std::string::npos;
    RecordProperty("controllers", controllers);
    EXPECT_EQ(leaf.state().is_applied(), both) << describe(leaf.state());
    if (both) {
      EXPECT_EQ(text_of(fs::path(leaf.path()) / "memory.max"), "67108864\n");
      EXPECT_EQ(text_of(fs::path(leaf.path()) / "pids.max"), "5\n");
    }
    kill(pid, SIGKILL);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    EXPECT_EQ(num_groups(folder.path()), 1u);
  }
  EXPECT_EQ(num_groups(folder.path()), 0u);
}

}  // namespace
}  // namespace blindai
