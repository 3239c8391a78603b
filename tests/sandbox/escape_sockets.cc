#include <array>
#include <cstddef>
#include <cstring>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "enclave/infer/protocol.h"
#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

constexpr int kWorkerSocket = worker_protocol::kSocketFd;

int make(int family, int type, int protocol = 0) {
  return call_and_close(SYS_socket, family, type, protocol);
}

int pair(const Bait&) {
  int ends[2];
  if (syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends) != 0) return errno;
  for (const int end : ends) close(end);
  return 0;
}

int connect_abstract(const Bait& bait) {
  const long fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path + 1, bait.socket.data(), bait.socket.size());
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + bait.socket.size());
  // Without a socket of its own, the one that is there.
  const int connected = call(SYS_connect, fd < 0 ? kWorkerSocket : fd, &address, length);
  if (fd >= 0) close(static_cast<int>(fd));
  return connected;
}

int bind_tcp(const Bait&) {
  const long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int bound = call(SYS_bind, fd < 0 ? kWorkerSocket : fd, &address, sizeof address);
  if (fd >= 0) close(static_cast<int>(fd));
  return bound;
}

int send_to(const Bait&) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
  const int sent =
      call(SYS_sendto, fd < 0 ? kWorkerSocket : fd, "x", 1, MSG_NOSIGNAL, &address, sizeof address);
  if (fd >= 0) close(static_cast<int>(fd));
  return sent;
}

int peer_of_socket(const Bait&) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  return call(SYS_getsockopt, kWorkerSocket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
}

int change_socket(const Bait&) {
  const int on = 1;
  return call(SYS_setsockopt, kWorkerSocket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

constexpr Named kAttempts[] = {
    {"make a TCP socket", [](const Bait&) { return make(AF_INET, SOCK_STREAM); },
     Control::kGetsThrough},
    {"make a TCP socket, version 6", [](const Bait&) { return make(AF_INET6, SOCK_STREAM); },
     Control::kDiffers},
    {"make a UDP socket", [](const Bait&) { return make(AF_INET, SOCK_DGRAM); },
     Control::kGetsThrough},
    {"make a raw socket", [](const Bait&) { return make(AF_INET, SOCK_RAW, IPPROTO_ICMP); },
     Control::kDiffers},
    {"make a UNIX socket", [](const Bait&) { return make(AF_UNIX, SOCK_STREAM); },
     Control::kGetsThrough},
    {"make a netlink socket", [](const Bait&) { return make(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); },
     Control::kDiffers},
    {"make a packet socket", [](const Bait&) { return make(AF_PACKET, SOCK_RAW); },
     Control::kDiffers},
    {"make a vsock socket", [](const Bait&) { return make(AF_VSOCK, SOCK_STREAM); },
     Control::kDiffers},
    {"make a crypto socket", [](const Bait&) { return make(AF_ALG, SOCK_SEQPACKET); },
     Control::kDiffers},
    {"make a pair of sockets", pair, Control::kGetsThrough},
    {"connect to an abstract socket", connect_abstract, Control::kGetsThrough},
    {"bind a TCP port", bind_tcp, Control::kGetsThrough},
    {"send a datagram", send_to, Control::kDiffers},
    {"listen on the worker's socket",
     [](const Bait&) { return call(SYS_listen, kWorkerSocket, 1); }, Control::kDiffers},
    {"accept on the worker's socket",
     [](const Bait&) { return call(SYS_accept4, kWorkerSocket, nullptr, nullptr, 0); },
     Control::kDiffers},
    {"ask who is at the other end", peer_of_socket, Control::kGetsThrough},
    {"change the worker's socket", change_socket, Control::kGetsThrough},
};

}  // namespace

std::span<const Named> socket_attempts() {
  return kAttempts;
}

}  // namespace blindai::escape
