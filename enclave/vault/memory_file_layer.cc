#include "enclave/vault/memory_file_layer.h"

#include <atomic>
#include <shared_mutex>

namespace blindai {
namespace {
constexpr size_t kBlockLen = 65536;
}

struct MemoryFileLayer::Budget {
  explicit Budget(uint64_t bytes) : max_blocks(bytes / kBlockLen) {}

  bool take(uint64_t blocks) {
    uint64_t now = used_blocks.load();
    do {
      if (blocks > max_blocks - now) return false;
    } while (!used_blocks.compare_exchange_weak(now, now + blocks));
    return true;
  }

  const uint64_t max_blocks;
  std::atomic<uint64_t> used_blocks = 0;
};

// Blocks rather than one vector: a model of gigabytes is never copied to grow.
class MemoryFileLayer::Content {
 public:
  explicit Content(std::shared_ptr<Budget> budget) : budget_(std::move(budget)) {}
  ~Content() { budget_->used_blocks -= blocks_.size(); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  size_t read_at(uint64_t offset, std::span<uint8_t> out) {
    const std::shared_lock lock(mutex_);
    if (offset >= length_) return 0;
    const auto total = static_cast<size_t>(std::min<uint64_t>(out.size(), length_ - offset));
    for (size_t done = 0; done < total;) {
      const uint64_t at = offset + done;
      const size_t within = static_cast<size_t>(at % kBlockLen);
      const size_t n = std::min(total - done, kBlockLen - within);
      std::copy_n(blocks_[static_cast<size_t>(at / kBlockLen)].get() + within, n,
                  out.data() + done);
      done += n;
    }
    return total;
  }

  Status write_at(uint64_t offset, BytesView data) {
    const std::unique_lock lock(mutex_);
    const uint64_t end = offset + data.size();
    const uint64_t needed = (end + kBlockLen - 1) / kBlockLen;
    if (needed > blocks_.size()) {
      if (!budget_->take(needed - blocks_.size()))
        return fail(Code::kNoSpace,
                    {"vault.memory-full",
                     "The server has no room for more models in memory; delete one, or upload this "
                     "one with save_model on."});
      while (blocks_.size() < needed) blocks_.push_back(std::make_unique<uint8_t[]>(kBlockLen));
    }
    for (size_t done = 0; done < data.size();) {
      const uint64_t at = offset + done;
      const size_t within = static_cast<size_t>(at % kBlockLen);
      const size_t n = std::min(data.size() - done, kBlockLen - within);
      std::copy_n(data.data() + done, n,
                  blocks_[static_cast<size_t>(at / kBlockLen)].get() + within);
      done += n;
    }
    length_ = std::max(length_, end);
    return {};
  }

  uint64_t size() {
    const std::shared_lock lock(mutex_);
    return length_;
  }

 private:
  std::shared_ptr<Budget> budget_;
  std::shared_mutex mutex_;
  std::vector<std::unique_ptr<uint8_t[]>> blocks_;
  uint64_t length_ = 0;
};

class MemoryFileLayer::Handle : public File {
 public:
  explicit Handle(std::shared_ptr<Content> content) : content_(std::move(content)) {}
  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    return content_->read_at(offset, out);
  }
  Status write_at(uint64_t offset, BytesView data) override {
    return content_->write_at(offset, data);
  }
  Result<uint64_t> size() override { return content_->size(); }
  Status sync() override { return {}; }

 private:
  std::shared_ptr<Content> content_;
};

MemoryFileLayer::MemoryFileLayer(uint64_t max_bytes)
    : budget_(std::make_shared<Budget>(max_bytes)) {}
MemoryFileLayer::~MemoryFileLayer() = default;

Result<std::unique_ptr<File>> MemoryFileLayer::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return fail(Code::kNotFound, "vault.file-missing");
  return std::make_unique<Handle>(found->second);
}

Result<std::unique_ptr<File>> MemoryFileLayer::create(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto content = std::make_shared<Content>(budget_);
  if (!files_.try_emplace(name, content).second) return fail(Code::kConflict, "vault.file-exists");
  return std::make_unique<Handle>(std::move(content));
}

Status MemoryFileLayer::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  auto node = files_.extract(from);
  if (node.empty()) return fail(Code::kNotFound, "vault.file-missing");
  files_.insert_or_assign(to, std::move(node.mapped()));
  return {};
}

Status MemoryFileLayer::unlink(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (files_.erase(name) == 0) return fail(Code::kNotFound, "vault.file-missing");
  return {};
}

Result<std::vector<std::string>> MemoryFileLayer::list() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& entry : files_) out.push_back(entry.first);
  return out;
}

}  // namespace blindai
