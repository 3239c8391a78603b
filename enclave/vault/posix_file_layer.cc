#include "enclave/vault/posix_file_layer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace blindai {
namespace {

// A folder with more names than this is not a store; stops a hostile host from filling our memory.
constexpr size_t kMaxNames = size_t{1} << 20;
constexpr uint64_t kCopyStep = uint64_t{64} << 20;
// A server that was killed while it started a worker leaves a child that has the folder's lock
// until it becomes that worker, which a busy machine can make a while.
constexpr std::chrono::milliseconds kLockPoll{20};
constexpr int kLockPolls = 50;

std::unexpected<Error> error_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return fail(
          Code::kNoSpace,
          {"vault.no-space",
           "The server's store is full; delete models that are no longer needed, or ask the "
           "operator for more room, and upload again."});
    case ENOENT:
      return fail(Code::kNotFound, "vault.file-missing");
    case EEXIST:
      return fail(Code::kConflict, "vault.file-exists");
    default:
      return fail(Code::kUnavailable,
                  {"vault.io",
                   "The server could not read or write its store; try again later and tell the "
                   "operator when it lasts."});
  }
}

Status check(int returned) {
  if (returned != 0) return error_of(errno);
  return {};
}

bool is_plain(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

class PosixFile : public File {
 public:
  explicit PosixFile(int fd) : fd_(fd) {}
  ~PosixFile() override { ::close(fd_); }

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n =
          ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return error_of(errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status write_at(uint64_t offset, BytesView data) override {
    size_t done = 0;
    while (done < data.size()) {
      const ssize_t n =
          ::pwrite(fd_, data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return error_of(n < 0 ? errno : EIO);
      done += static_cast<size_t>(n);
    }
    return {};
  }

  Status copy_from(File& from, uint64_t offset, uint64_t length) override {
    const auto* other = dynamic_cast<const PosixFile*>(&from);
    while (other != nullptr && length > 0) {
      auto in = static_cast<off_t>(offset);
      off_t out = in;
      const ssize_t n =
          ::copy_file_range(other->fd_, &in, fd_, &out, std::min<uint64_t>(length, kCopyStep), 0);
      if (n < 0 && errno == EINTR) continue;
      // Not every file system and kernel can; then by hand, which also finds what is wrong.
      if (n <= 0) break;
      offset += static_cast<uint64_t>(n);
      length -= static_cast<uint64_t>(n);
    }
    return File::copy_from(from, offset, length);
  }

  Result<uint64_t> size() override {
    struct stat st{};
    if (::fstat(fd_, &st) != 0) return error_of(errno);
    return static_cast<uint64_t>(st.st_size);
  }

  Status sync() override { return check(::fsync(fd_)); }

 private:
  int fd_;
};

}  // namespace

Result<std::unique_ptr<PosixFileLayer>> PosixFileLayer::open_beside(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return error_of(errno);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return error_of(errno);
  std::unique_ptr<PosixFileLayer> out(new PosixFileLayer(fd));
  return out;
}

Result<std::unique_ptr<PosixFileLayer>> PosixFileLayer::open_folder(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<PosixFileLayer> out, open_beside(path));
  RETURN_IF_ERROR(out->take());
  return out;
}

Status PosixFileLayer::take() {
  for (int i = 0; i <= kLockPolls; ++i) {
    if (i > 0) std::this_thread::sleep_for(kLockPoll);
    if (::flock(folder_fd_, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK && errno != EINTR) return error_of(errno);
  }
  return fail(Code::kConflict,
              {"vault.in-use",
               "Another server is using this store; stop it, or start this one with a store of "
               "its own."});
}

void PosixFileLayer::release() {
  ::flock(folder_fd_, LOCK_UN);
}

PosixFileLayer::~PosixFileLayer() {
  ::close(folder_fd_);
}

Result<std::unique_ptr<File>> PosixFileLayer::open(const std::string& name) {
  BLINDAI_CHECK(is_plain(name));
  // O_NONBLOCK: a pipe that the host put there must not hold us up.
  const int fd = ::openat(folder_fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return error_of(errno);
  std::unique_ptr<File> out(new PosixFile(fd));
  struct stat st{};
  if (::fstat(fd, &st) != 0) return error_of(errno);
  if (!S_ISREG(st.st_mode)) return error_of(EIO);
  return out;
}

Result<std::unique_ptr<File>> PosixFileLayer::create(const std::string& name) {
  BLINDAI_CHECK(is_plain(name));
  const int fd =
      ::openat(folder_fd_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return error_of(errno);
  return std::unique_ptr<File>(new PosixFile(fd));
}

Status PosixFileLayer::rename(const std::string& from, const std::string& to) {
  BLINDAI_CHECK(is_plain(from) && is_plain(to));
  return check(::renameat(folder_fd_, from.c_str(), folder_fd_, to.c_str()));
}

Status PosixFileLayer::unlink(const std::string& name) {
  BLINDAI_CHECK(is_plain(name));
  return check(::unlinkat(folder_fd_, name.c_str(), 0));
}

Result<std::vector<std::string>> PosixFileLayer::list() {
  // A descriptor of its own, because reading a folder moves the descriptor's position.
  const int fd = ::openat(folder_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return error_of(errno);
  DIR* raw = ::fdopendir(fd);
  if (raw == nullptr) {
    const int error_number = errno;
    ::close(fd);
    return error_of(error_number);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(raw, ::closedir);
  std::vector<std::string> out;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (!is_plain(name)) continue;
    if (out.size() == kMaxNames)
      return fail(Code::kUnavailable, {"vault.too-many-files",
                                       "The store's folder holds more files than a store can have; "
                                       "give the server a folder of its own."});
    out.push_back(std::move(name));
  }
  if (errno != 0) return error_of(errno);
  return out;
}

Status PosixFileLayer::sync_dir() {
  return check(::fsync(folder_fd_));
}

}  // namespace blindai
