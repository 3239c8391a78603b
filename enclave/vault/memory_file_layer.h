// Files in this process's memory: where models live that were uploaded with save_model=false. They
// are sealed there as they would be on disk, so model bytes lie in clear only while a worker loads
// them, and there is one path to test. Thread-safe as FileLayer asks.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "enclave/vault/file_layer.h"

namespace blindai {

class MemoryFileLayer : public FileLayer {
 public:
  // max_bytes: for all files together, counted in blocks of 64 KiB.
  // Further error of write_at(): kNoSpace "vault.memory-full".
  explicit MemoryFileLayer(uint64_t max_bytes);
  ~MemoryFileLayer() override;

  Result<std::unique_ptr<File>> open(const std::string& name) override;
  Result<std::unique_ptr<File>> create(const std::string& name) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& name) override;
  Result<std::vector<std::string>> list() override;
  Status sync_dir() override { return {}; }

 private:
  struct Budget;
  class Content;
  class Handle;

  std::shared_ptr<Budget> budget_;  // shared, because open files outlive their names
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> files_;
};

}  // namespace blindai
