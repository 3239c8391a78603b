// One message of a SOCK_SEQPACKET socket, with at most one descriptor beside it; and a descriptor
// that closes itself. Used by both ends of enclave/infer/protocol.h. Threads: as the system calls.
#pragma once

#include <utility>

#include "lib/base/bytes.h"

namespace blindai {

class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { reset(); }
  void reset();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

enum class SendResult { kSent, kFull, kClosed };
// Sends one packet, with a copy of the descriptor `with_fd` unless that is -1. kFull only on a
// non-blocking call (`wait` false); any failure other than a full queue is kClosed.
SendResult send_packet(int socket, BytesView message, int with_fd, bool wait);

struct Received {
  enum class State { kMessage, kNothing, kClosed, kTooLarge } state;
  size_t size = 0;  // of the message, in the caller's storage
  OwnedFd fd;       // what came beside it; only from receive_packet_with_fd
};
// Receives one packet without waiting. Descriptors sent beside it are thrown away by the kernel.
// A packet larger than `storage` is kTooLarge, and lost: the other side broke the protocol.
Received receive_packet(int socket, std::span<uint8_t> storage);
// Waits for one packet, and takes one descriptor.
Received receive_packet_with_fd(int socket, std::span<uint8_t> storage);

}  // namespace blindai
