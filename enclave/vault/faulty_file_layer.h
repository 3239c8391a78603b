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
  // How the first call fails. Those that do not write have no effect in any of them.
  enum class How : uint8_t {
    kError,         // EIO, without effect
    kNoSpace,       // ENOSPC, without effect
    kShort,         // ENOSPC after half of the bytes
    kDoneAndError,  // EIO although all bytes were written, or all that was asked is durable
  };

  // The call number `index` from now, counted from 0, fails; with kFromThereOn also all that
  // follow, without effect, as after a power cut.
  void inject(Fault fault, size_t index, How how = How::kError) {
    fault_ = fault;
    fault_index_ = index;
    how_ = how;
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
    const Status verdict = step();
    if (effect(verdict) != Effect::kAll) return verdict;
    pending_.clear();
    durable_ = live_;
    return verdict;
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
      const Status verdict = layer_.step();
      const Effect effect = layer_.effect(verdict);
      if (effect == Effect::kNone) return verdict;
      if (effect == Effect::kHalf) data = data.first(data.size() / 2);
      const auto from = static_cast<size_t>(offset);
      if (inode_->live.size() < from + data.size()) inode_->live.resize(from + data.size());
      std::copy(data.begin(), data.end(), inode_->live.begin() + static_cast<ptrdiff_t>(from));
      return verdict;
    }
    Result<uint64_t> size() override {
      RETURN_IF_ERROR(layer_.step());
      return inode_->live.size();
    }
    Status sync() override {
      const Status verdict = layer_.step();
      if (layer_.effect(verdict) == Effect::kAll) inode_->durable = inode_->live;
      return verdict;
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
    failing_first_ = fault_ != Fault::kNone && call == fault_index_;
    if (!failing_first_ && (fault_ != Fault::kFromThereOn || call < fault_index_)) return {};
    if (failing_first_ && (how_ == How::kNoSpace || how_ == How::kShort))
      return fail(Code::kNoSpace, "vault.no-space");
    return fail(Code::kUnavailable, "vault.io");
  }
  // What the call that step() judged does to the disk, for those that write.
  enum class Effect : uint8_t { kNone, kHalf, kAll };
  Effect effect(const Status& verdict) const {
    if (verdict.has_value()) return Effect::kAll;
    if (!failing_first_) return Effect::kNone;
    if (how_ == How::kDoneAndError) return Effect::kAll;
    return how_ == How::kShort ? Effect::kHalf : Effect::kNone;
  }

  Fault fault_ = Fault::kNone;
  How how_ = How::kError;
  bool failing_first_ = false;  // the last call was the one that how_ is about
  size_t fault_index_ = 0;
  size_t calls_ = 0;
  Folder live_;
  Folder durable_;
  std::vector<Change> pending_;
  std::vector<std::shared_ptr<Inode>> inodes_;
};

}  // namespace blindai
