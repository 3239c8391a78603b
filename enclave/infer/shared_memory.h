// Memory that another process can map: a memfd with sealed size, so that the other side cannot cut
// it and make our reads fault.
//
// Errors   kUnavailable infer.memory: the system has none to give, or no descriptors
#pragma once

#include <memory>

#include "enclave/infer/packet.h"

namespace blindai {

class SharedMemory {
 public:
  // `bytes` zero bytes (at least 1), writable by both sides, mapped here.
  static Result<std::unique_ptr<SharedMemory>> create(uint64_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // What the other side may change at any time: read each value once, then check the copy.
  std::span<uint8_t> view() const { return view_; }
  // The descriptor to send, until close_fd(); the mapping stays.
  int fd() const { return fd_.get(); }
  void close_fd() { fd_.reset(); }

 private:
  SharedMemory(OwnedFd fd, std::span<uint8_t> view) : fd_(std::move(fd)), view_(view) {}
  OwnedFd fd_;
  std::span<uint8_t> view_;
};

// An empty memfd that can be sealed, close-on-exec, never executable where the kernel knows how.
Result<OwnedFd> create_memfd(const char* label);
// Seals size, and content too when `read_only`; then no more seals.
Status seal_memfd(int fd, bool read_only);

}  // namespace blindai
