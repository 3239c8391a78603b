// The system calls that hardware is asked for evidence with, as an interface, so that a test can be
// the kernel. As their namesakes, but -errno on failure instead of -1. Thread-compatible.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <sys/types.h>

#include "lib/base/bytes.h"

namespace blindai {

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual int open(const std::string& path, int flags) = 0;
  virtual ssize_t read(int fd, std::span<uint8_t> out) = 0;
  virtual ssize_t write(int fd, BytesView data) = 0;
  virtual int close(int fd) = 0;
  virtual int mkdir(const std::string& path) = 0;
  virtual int rmdir(const std::string& path) = 0;
  virtual int ioctl(int fd, unsigned long request, void* argument) = 0;
  virtual void sleep(std::chrono::milliseconds time) = 0;
};

// The running one.
std::unique_ptr<Kernel> real_kernel();

// An error number of the kernel's, positive.
template <typename T>
using Errno = std::expected<T, int>;

// The whole file, read to its end; EFBIG when it has more than `max` bytes.
Errno<Bytes> read_kernel_file(Kernel& kernel, const std::string& path, size_t max);
// The same without the line break at its end.
Errno<std::string> read_kernel_text(Kernel& kernel, const std::string& path);
// In one write(2), since these files take nothing else. EIO when not all of it was taken.
Errno<void> write_kernel_file(Kernel& kernel, const std::string& path, BytesView data);

// An open device, closed by its destructor.
class KernelDevice {
 public:
  static Errno<KernelDevice> open(Kernel& kernel, const std::string& path);
  ~KernelDevice();
  KernelDevice(KernelDevice&& other) noexcept;
  KernelDevice& operator=(KernelDevice&& other) = delete;
  // 0, or an error number.
  int ioctl(unsigned long request, void* argument) {
    return -kernel_->ioctl(fd_, request, argument);
  }

 private:
  KernelDevice(Kernel& kernel, int fd) : kernel_(&kernel), fd_(fd) {}
  Kernel* kernel_;
  int fd_;
};

}  // namespace blindai
