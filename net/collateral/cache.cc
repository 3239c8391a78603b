#include "net/collateral/cache.h"

#include <cerrno>
#include <chrono>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/collateral/cache_index.h"
#include "net/collateral/document.h"

namespace blindai {
namespace {

constexpr std::string_view kIndexEnd = ".index";
constexpr std::string_view kTemporaryEnd = ".tmp";
// A folder with more files than this is not one of ours, and is not swept.
constexpr size_t kMaxFiles = 4096;

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string index_name(const std::string& url) {
  return to_hex(sha256(as_bytes(url))) + std::string(kIndexEnd);
}

// The whole of a regular file of at most `max` bytes. Nothing: it is missing, or is no such file.
std::optional<Bytes> read_file_at(int folder, const std::string& name, size_t max) {
  // O_NONBLOCK: a pipe of that name must not hold us up.
  const Fd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat st{};
  if (fd.get() < 0 || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
      static_cast<uint64_t>(st.st_size) > max)
    return std::nullopt;
  Bytes out(static_cast<size_t>(st.st_size));
  size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::read(fd.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    have += static_cast<size_t>(n);
  }
  return out;
}

bool write_all(int fd, BytesView data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data = data.subspan(static_cast<size_t>(n));
  }
  return true;
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> out;
  const int fd = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const raw = fd < 0 ? nullptr : ::fdopendir(fd);
  if (raw == nullptr) {
    if (fd >= 0) ::close(fd);
    return out;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(raw, ::closedir);
  while (const dirent* entry = ::readdir(dir.get())) {
    out.emplace_back(entry->d_name);
    if (out.size() > kMaxFiles) return {};
  }
  return out;
}

// The folder's lock, against another process between an index and its content. Not waited for long:
// whoever holds it may be stuck, and everything here can be fetched.
class FolderLock {
 public:
  FolderLock(int folder, int kind) : folder_(folder) {
    for (int i = 0; i < kNumTries && !held_; ++i) {
      held_ = ::flock(folder_, kind | LOCK_NB) == 0;
      if (!held_) std::this_thread::sleep_for(kPause);
    }
  }
  ~FolderLock() {
    if (held_) ::flock(folder_, LOCK_UN);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  bool held() const { return held_; }

 private:
  static constexpr int kNumTries = 25;
  static constexpr std::chrono::milliseconds kPause{20};
  int folder_;
  bool held_ = false;
};

bool is_content_name(const std::string& name) {
  return array_from_hex<32>(name).has_value();
}

std::unexpected<Problem> cache_problem(const std::string& folder, int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT)
    return problem(Code::kNoSpace, "collateral.cache",
                   "There is no room in \"" + folder + "\" for what was fetched; make some.");
  return problem(Code::kUnavailable, "collateral.cache",
                 "The folder \"" + folder +
                     "\" cannot be used for what was fetched; check its path and permissions.");
}

}  // namespace

Outcome<CollateralCache> CollateralCache::open(const std::string& folder, Report report) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cache_problem(folder, errno);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cache_problem(folder, errno);
  return CollateralCache(fd, folder, std::move(report));
}

CollateralCache::CollateralCache(int fd, std::string folder, Report report)
    : fd_(fd), folder_(std::move(folder)), report_(std::move(report)) {}

CollateralCache::CollateralCache(CollateralCache&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      folder_(std::move(other.folder_)),
      report_(std::move(other.report_)) {}

CollateralCache::~CollateralCache() {
  if (fd_ >= 0) ::close(fd_);
}

void CollateralCache::forget(const std::string& name, const char* reason) {
  ::unlinkat(fd_, name.c_str(), 0);
  if (report_)
    report_(Problem(Code::kMalformed, "collateral.cache",
                    "The file \"" + folder_ + "/" + name + "\" " + reason +
                        "; it was removed and will be fetched again."));
}

std::optional<Bytes> CollateralCache::content(const Sha256Digest& hash) {
  std::optional<Bytes> out = read_file_at(fd_, to_hex(hash), kMaxCollateralDocument);
  if (out.has_value() && sha256(*out) == hash) return out;
  forget(to_hex(hash),
         out.has_value() ? "is not what its name says" : "is missing or no plain file");
  return std::nullopt;
}

std::optional<CachedDocument> CollateralCache::find(const std::string& url) {
  const FolderLock lock(fd_, LOCK_SH);
  if (!lock.held()) return std::nullopt;
  return find_locked(url);
}

std::optional<CachedDocument> CollateralCache::find_locked(const std::string& url) {
  const std::string name = index_name(url);
  const std::optional<Bytes> text = read_file_at(fd_, name, kMaxCacheIndex);
  if (!text.has_value()) return std::nullopt;
  const auto index = parse_cache_index(as_text(*text));
  if (!index.has_value() || index->url != url) {
    forget(name, "is damaged");
    return std::nullopt;
  }
  CachedDocument out{.body = {}, .chain = {}, .fetched = index->fetched, .expires = index->expires};
  std::optional<Bytes> body = content(index->body);
  std::optional<Bytes> chain = index->chain.has_value() ? content(*index->chain) : Bytes();
  if (!body.has_value() || !chain.has_value()) {
    ::unlinkat(fd_, name.c_str(), 0);
    return std::nullopt;
  }
  out.body = std::move(*body);
  out.chain = std::move(*chain);
  return out;
}

// Under a temporary name first, so that a name never has half of its content.
Outcome<void> CollateralCache::write(const std::string& name, BytesView content) {
  ByteArray<8> random;
  random_bytes(random);
  const std::string temporary = to_hex(random) + std::string(kTemporaryEnd);
  const Fd fd(
      ::openat(fd_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return cache_problem(folder_, errno);
  if (!write_all(fd.get(), content) || ::fsync(fd.get()) != 0 ||
      ::renameat(fd_, temporary.c_str(), fd_, name.c_str()) != 0) {
    const int error_number = errno;
    ::unlinkat(fd_, temporary.c_str(), 0);
    return cache_problem(folder_, error_number);
  }
  return {};
}

Outcome<void> CollateralCache::store(const std::string& url, const CachedDocument& document) {
  const FolderLock lock(fd_, LOCK_EX);
  if (!lock.held())
    return problem(Code::kUnavailable, "collateral.cache",
                   "Another program keeps the folder \"" + folder_ +
                       "\" to itself, so what was fetched is not kept there; stop it, or give this "
                       "one a folder of its own.");
  return store_locked(url, document);
}

Outcome<void> CollateralCache::store_locked(const std::string& url,
                                            const CachedDocument& document) {
  CacheIndex index{.url = url,
                   .fetched = document.fetched,
                   .expires = document.expires,
                   .body = sha256(document.body),
                   .chain = std::nullopt};
  if (!document.chain.empty()) index.chain = sha256(document.chain);
  Outcome<void> done = write(to_hex(index.body), document.body);
  if (done.has_value() && index.chain.has_value())
    done = write(to_hex(*index.chain), document.chain);
  if (done.has_value()) done = write(index_name(url), as_bytes(write_cache_index(index)));
  if (done.has_value() && ::fsync(fd_) != 0) done = cache_problem(folder_, errno);
  if (done.has_value()) sweep();
  return done;
}

// Content without an index, and what a process that died left behind. Files that are not named as
// ours are left alone.
void CollateralCache::sweep() {
  const std::vector<std::string> names = names_in(fd_);
  std::set<std::string> used;
  for (const std::string& name : names) {
    if (!name.ends_with(kIndexEnd)) continue;
    const std::optional<Bytes> text = read_file_at(fd_, name, kMaxCacheIndex);
    const auto index = text.has_value() ? parse_cache_index(as_text(*text))
                                        : fail(Code::kMalformed, "collateral.index");
    if (!index.has_value()) continue;  // find() reports it
    used.insert(to_hex(index->body));
    if (index->chain.has_value()) used.insert(to_hex(*index->chain));
  }
  for (const std::string& name : names) {
    const bool left_over =
        name.size() == 16 + kTemporaryEnd.size() && name.ends_with(kTemporaryEnd);
    if (left_over || (is_content_name(name) && !used.contains(name)))
      ::unlinkat(fd_, name.c_str(), 0);
  }
}

}  // namespace blindai
