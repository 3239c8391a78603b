// A folder in memory that fails and loses power on purpose. For tests.
//
// It knows what a disk would have after a power cut: file contents as of their last sync(), the
// folder as of the last sync_dir(), and of later changes none (strict) or any subset (chaotic).
#pragma once

#include <map>
#include <random>

#include "enclave/vault/file_layer.h"

namespace blindai {

class FaultyFileLayer : public FileLayer {
 public:
  enum class Fault : uint8_t { kNone, kOnce, kFromThereOn };

  // The call number `index` from now, counted from 0, fails without effect; with kFromThereOn also
  // all that follow, as after a power cut.
  void inject(Fault fault, size_t index) {
    fault_ = fault;
    fault_index_ = index;
    calls_ = 0;
  }
  size_t num_calls() const { return calls_; }
  bool fault_reached() const { return fault_ != Fault::kNone && calls_ > fault_index_; }

  // The process died and the machine went on: nothing is lost.
  void restart() { inject(Fault::kNone, 0); }

  // The power was cut: what was not synced is lost.
  void power_cut() {
    for (const auto& inode : inodes_) inode->live = inode->durable;
    pending_.clear();
    live_ = durable_;
    inject(Fault::kNone, 0);
  }

  // The power was cut, and of what was not synced any part had reached the disk: of the folder's
  // changes a random subset, of each file's pages either version.
  void power_cut_chaotic(std::mt19937& random) {
    for (const Change& change : pending_)
      if (random() % 2 == 0) apply(durable_, change);
    for (const auto& inode : inodes_) {
      Bytes mixed = random() % 2 == 0 ? inode->live : inode->durable;
      const Bytes& other = inode->live;
      for (size_t page = 0; page < mixed.size() && page < other.size(); page += 4096)
        if (random() % 2 == 0)
          std::copy_n(other.begin() + static_cast<ptrdiff_t>(page),
                      std::min<size_t>({4096, mixed.size() - page, other.size() - page}),
                      mixed.begin() + static_cast<ptrdiff_t>(page));
      // A file whose last write was synced has nothing left to lose.
      if (inode->live != inode->durable) inode->durable = std::move(mixed);
    }
    power_cut();
  }

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    RETURN_IF_ERROR(step());
    const auto found = live_.find(name);
    if (found == live_.end()) return fail(Code::kNotFound, "vault.file-missing");
    return std::make_unique<Handle>(*this, found->second);
  }
  Result<std::unique_ptr<File>> create(const std::string& name) override {
    RETURN_IF_ERROR(step());
    if (live_.contains(name)) return fail(Code::kConflict, "vault.file-exists");
    inodes_.push_back(std::make_shared<Inode>());
    change({.to = name, .inode = inodes_.back(), .from = {}});
    return std::make_unique<Handle>(*this, inodes_.back());
  }
  Status rename(const std::string& from, const std::string& to) override {
    RETURN_IF_ERROR(step());
    const auto found = live_.find(from);
    if (found == live_.end()) return fail(Code::kNotFound, "vault.file-missing");
    change({.to = to, .inode = found->second, .from = from});
    return {};
  }
  Status unlink(const std::string& name) override {
    RETURN_IF_ERROR(step());
    if (!live_.contains(name)) return fail(Code::kNotFound, "vault.file-missing");
    change({.to = {}, .inode = {}, .from = name});
    return {};
  }
  Result<std::vector<std::string>> list() override {
    RETURN_IF_ERROR(step());
    return names();
  }
  Status sync_dir() override {
    RETURN_IF_ERROR(step());
    pending_.clear();
    durable_ = live_;
    return {};
  }

  // What the host sees and may do; not counted as calls.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : live_) out.push_back(entry.first);
    return out;
  }
  Bytes& content(const std::string& name) { return live_.at(name)->live; }
  void put(const std::string& name, Bytes content) {
    inodes_.push_back(std::make_shared<Inode>(Inode{content, content}));
    live_[name] = durable_[name] = inodes_.back();
  }
  void erase(const std::string& name) {
    live_.erase(name);
    durable_.erase(name);
  }

 private:
  struct Inode {
    Bytes live;
    Bytes durable;
  };
  using Folder = std::map<std::string, std::shared_ptr<Inode>>;
  struct Change {
    std::string to;  // empty: none
    std::shared_ptr<Inode> inode;
    std::string from;  // empty: none
  };

  class Handle : public File {
   public:
    Handle(FaultyFileLayer& layer, std::shared_ptr<Inode> inode)
        : layer_(layer), inode_(std::move(inode)) {}
    Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
      RETURN_IF_ERROR(layer_.step());
      if (offset >= inode_->live.size()) return size_t{0};
      const auto from = static_cast<size_t>(offset);
      const size_t n = std::min(out.size(), inode_->live.size() - from);
      std::copy_n(inode_->live.begin() + static_cast<ptrdiff_t>(from), n, out.begin());
      return n;
    }
    Status write_at(uint64_t offset, BytesView data) override {
      RETURN_IF_ERROR(layer_.step());
      const auto from = static_cast<size_t>(offset);
      if (inode_->live.size() < from + data.size()) inode_->live.resize(from + data.size());
      std::copy(data.begin(), data.end(), inode_->live.begin() + static_cast<ptrdiff_t>(from));
      return {};
    }
    Result<uint64_t> size() override {
      RETURN_IF_ERROR(layer_.step());
      return inode_->live.size();
    }
    Status sync() override {
      RETURN_IF_ERROR(layer_.step());
      inode_->durable = inode_->live;
      return {};
    }

   private:
    FaultyFileLayer& layer_;
    std::shared_ptr<Inode> inode_;
  };

  static void apply(Folder& folder, const Change& change) {
    if (!change.from.empty()) folder.erase(change.from);
    if (!change.to.empty()) folder[change.to] = change.inode;
  }
  void change(Change change) {
    apply(live_, change);
    pending_.push_back(std::move(change));
  }
  Status step() {
    const size_t call = calls_++;
    if ((fault_ == Fault::kOnce && call == fault_index_) ||
        (fault_ == Fault::kFromThereOn && call >= fault_index_))
      return fail(Code::kUnavailable, "vault.io");
    return {};
  }

  Fault fault_ = Fault::kNone;
  size_t fault_index_ = 0;
  size_t calls_ = 0;
  Folder live_;
  Folder durable_;
  std::vector<Change> pending_;
  std::vector<std::shared_ptr<Inode>> inodes_;
};

}  // namespace blindai
