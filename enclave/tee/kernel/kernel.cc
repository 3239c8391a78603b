#include "enclave/tee/kernel/kernel.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace blindai {
namespace {

constexpr size_t kMaxText = 4096;  // of a configfs attribute (Linux, fs/configfs/file.c)
constexpr size_t kPieceLen = 4096;

template <typename T>
T or_errno(T returned) {
  return returned < 0 ? static_cast<T>(-errno) : returned;
}

class RealKernel final : public Kernel {
 public:
  int open(const std::string& path, int flags) override {
    return or_errno(::open(path.c_str(), flags | O_CLOEXEC));
  }
  ssize_t read(int fd, std::span<uint8_t> out) override {
    return or_errno(::read(fd, out.data(), out.size()));
  }
  ssize_t write(int fd, BytesView data) override {
    return or_errno(::write(fd, data.data(), data.size()));
  }
  int close(int fd) override { return or_errno(::close(fd)); }
  int mkdir(const std::string& path) override { return or_errno(::mkdir(path.c_str(), 0700)); }
  int rmdir(const std::string& path) override { return or_errno(::rmdir(path.c_str())); }
  int ioctl(int fd, unsigned long request, void* argument) override {
    const int returned = ::ioctl(fd, request, argument);
    return returned < 0 ? -errno : 0;
  }
  void sleep(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }
};

// A descriptor of a Kernel's that closes itself.
class Descriptor {
 public:
  Descriptor(Kernel& kernel, int fd) : kernel_(kernel), fd_(fd) {}
  ~Descriptor() { kernel_.close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  Kernel& kernel_;
  int fd_;
};

}  // namespace

std::unique_ptr<Kernel> real_kernel() {
  return std::make_unique<RealKernel>();
}

Errno<Bytes> read_kernel_file(Kernel& kernel, const std::string& path, size_t max) {
  const int opened = kernel.open(path, O_RDONLY);
  if (opened < 0) return std::unexpected(-opened);
  const Descriptor fd(kernel, opened);
  Bytes out;
  ByteArray<kPieceLen> piece;
  while (true) {
    const ssize_t n = kernel.read(fd.get(), piece);
    if (n == 0) return out;
    if (n < 0) return std::unexpected(static_cast<int>(-n));
    append(out, BytesView(piece).first(static_cast<size_t>(n)));
    if (out.size() > max) return std::unexpected(EFBIG);
  }
}

Errno<std::string> read_kernel_text(Kernel& kernel, const std::string& path) {
  const Errno<Bytes> raw = read_kernel_file(kernel, path, kMaxText);
  if (!raw.has_value()) return std::unexpected(raw.error());
  std::string out(as_text(*raw));
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

Errno<void> write_kernel_file(Kernel& kernel, const std::string& path, BytesView data) {
  const int opened = kernel.open(path, O_WRONLY);
  if (opened < 0) return std::unexpected(-opened);
  const Descriptor fd(kernel, opened);
  const ssize_t n = kernel.write(fd.get(), data);
  if (n < 0) return std::unexpected(static_cast<int>(-n));
  if (static_cast<size_t>(n) != data.size()) return std::unexpected(EIO);
  return {};
}

Errno<KernelDevice> KernelDevice::open(Kernel& kernel, const std::string& path) {
  const int opened = kernel.open(path, O_RDWR);
  if (opened < 0) return std::unexpected(-opened);
  return KernelDevice(kernel, opened);
}

KernelDevice::KernelDevice(KernelDevice&& other) noexcept
    : kernel_(other.kernel_), fd_(std::exchange(other.fd_, -1)) {}

KernelDevice::~KernelDevice() {
  if (fd_ >= 0) kernel_->close(fd_);
}

}  // namespace blindai
