#include "client/cpp/model_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace blindai {
namespace {

constexpr Id kRead{"client.file.read", "The file could not be read to its end; check its disk."};

}  // namespace

Outcome<ModelFile> ModelFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return problem(Code::kNotFound, "client.file.open",
                   "The file \"" + path + "\" cannot be opened (" + std::strerror(errno) +
                       "); check its path and permissions.");
  struct stat status{};
  const bool known = ::fstat(fd, &status) == 0;
  ModelFile file(fd, known ? static_cast<uint64_t>(status.st_size) : 0);
  if (!known || !S_ISREG(status.st_mode))
    return problem(Code::kInvalid, "client.file.kind",
                   "\"" + path + "\" is not a regular file; name an ONNX file.");
  if (file.size_ == 0)
    return problem(Code::kInvalid, "client.file.empty",
                   "The file \"" + path + "\" is empty; name an ONNX file.");
  return file;
}

ModelFile::~ModelFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status ModelFile::rewind() {
  if (::lseek(fd_, 0, SEEK_SET) != 0) return fail(Code::kUnavailable, kRead);
  return {};
}

Result<size_t> ModelFile::read(std::span<uint8_t> out) {
  while (true) {
    const ssize_t n = ::read(fd_, out.data(), out.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR) return fail(Code::kUnavailable, kRead);
  }
}

}  // namespace blindai
