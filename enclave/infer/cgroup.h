// Limits that the kernel keeps for a whole process and its memory of every kind: one cgroup (v2)
// for each worker, inside one that was delegated to the server.
//
//   CgroupParent parent("/sys/fs/cgroup/…");   // once; removes what a killed server left behind
//   CgroupLeaf leaf = parent.put(pid, limits); // removed with the object, after the process
//
// The delegated group holds no process itself (the server runs elsewhere, for example in a group
// beside the workers'), since the kernel gives controllers only to children of such a group.
// Source: Linux, Documentation/admin-guide/cgroup-v2.rst.
#pragma once

#include <string>
#include <sys/types.h>

#include "enclave/sandbox/report.h"

namespace blindai {

struct CgroupLimits {
  uint64_t memory_bytes = 0;  // memory.max, without swap; 0: no limit
  uint64_t processes = 192;   // pids.max, which counts threads
};

class CgroupLeaf {
 public:
  CgroupLeaf() = default;
  CgroupLeaf(CgroupLeaf&& other) noexcept;
  CgroupLeaf& operator=(CgroupLeaf&& other) noexcept;
  // Removes the group; the kernel keeps one that still has a process.
  ~CgroupLeaf();

  // Not present: no group was asked for, or a controller is not there. Refused: with the errno of
  // the first step that failed. What could be set of the limits stays set.
  LayerState state() const { return state_; }
  const std::string& path() const { return path_; }  // empty: there is none

 private:
  friend class CgroupParent;
  std::string path_;
  LayerState state_;
};

class CgroupParent {
 public:
  // path: the delegated group; empty: there is none.
  explicit CgroupParent(std::string path);
  // Makes a group, sets its limits, and moves the process into it.
  CgroupLeaf put(pid_t pid, const CgroupLimits& limits);

 private:
  std::string path_;
  uint64_t next_ = 0;
};

}  // namespace blindai
