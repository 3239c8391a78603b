#include "net/plain_socket.h"

#include <sys/socket.h>

#include "net/socket_calls.h"

namespace blindai {
IoResult PlainSocket::read(std::span<uint8_t> out) {
  const ssize_t n = ::recv(fd_, out.data(), out.size(), 0);
  if (n > 0) return {IoStatus::kOk, static_cast<size_t>(n)};
  if (n == 0) return {IoStatus::kClosed};
  return {would_block() ? IoStatus::kWantRead : IoStatus::kFailed};
}

IoResult PlainSocket::write(BytesView data) {
  const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
  if (n >= 0) return {IoStatus::kOk, static_cast<size_t>(n)};
  return {would_block() ? IoStatus::kWantWrite : IoStatus::kFailed};
}

Error PlainSocket::failure() const {
  return {Code::kUnavailable, {"net.reset", "The connection was cut; connect again."}};
}

}  // namespace blindai
