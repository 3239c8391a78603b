#include "enclave/infer/packet.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace blindai {
namespace {

union Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr header;
};

Received classify(ssize_t n, const msghdr& message) {
  using State = Received::State;
  if (n < 0)
    return {(errno == EAGAIN || errno == EINTR) ? State::kNothing : State::kClosed, 0, OwnedFd()};
  // A packet of no bytes cannot be told from the end, and is no message either.
  if (n == 0) return {State::kClosed, 0, OwnedFd()};
  if ((message.msg_flags & MSG_TRUNC) != 0) return {State::kTooLarge, 0, OwnedFd()};
  return {State::kMessage, static_cast<size_t>(n), OwnedFd()};
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void OwnedFd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

SendResult send_packet(int socket, BytesView message, int with_fd, bool wait) {
  iovec part = {const_cast<uint8_t*>(message.data()), message.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Control control = {};
  if (with_fd >= 0) {
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &with_fd, sizeof with_fd);
  }
  for (;;) {
    const ssize_t n = sendmsg(socket, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    if (n == static_cast<ssize_t>(message.size())) return SendResult::kSent;
    if (n >= 0) return SendResult::kClosed;
    if (errno == EINTR) continue;
    if (!wait && errno == EAGAIN) return SendResult::kFull;
    return SendResult::kClosed;
  }
}

Received receive_packet(int socket, std::span<uint8_t> storage) {
  iovec part = {storage.data(), storage.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  const ssize_t n = recvmsg(socket, &header, MSG_DONTWAIT);
  return classify(n, header);
}

Received receive_packet_with_fd(int socket, std::span<uint8_t> storage) {
  for (;;) {
    iovec part = {storage.data(), storage.size()};
    Control control = {};
    msghdr header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    const ssize_t n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    Received received = classify(n, header);
    if (received.state == Received::State::kNothing) continue;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); n >= 0 && c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
          c->cmsg_len != CMSG_LEN(sizeof(int)))
        continue;
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
      received.fd = OwnedFd(fd);
    }
    return received;
  }
}

}  // namespace blindai
