#include "tests/sandbox/escape_harness.h"

#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/infer/protocol.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

// Above every number that is placed for a worker.
constexpr int kBaitDescriptor = 200;
constexpr int kAnswerWithinMs = 20'000;
char kSecret[] = "not the worker's";

std::optional<Bytes> next_packet(int socket) {
  pollfd ready = {socket, POLLIN, 0};
  if (poll(&ready, 1, kAnswerWithinMs) != 1) return std::nullopt;
  Bytes storage(wp::kMaxMessage);
  const Received received = receive_packet(socket, storage);
  if (received.state != Received::State::kMessage) return std::nullopt;
  storage.resize(received.size);
  return storage;
}

OwnedFd listen_on_abstract(const std::string& name) {
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  BLINDAI_CHECK(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  BLINDAI_CHECK(listen(fd.get(), 100) == 0);
  return fd;
}

// Inherited by what is executed, unless that is prevented.
OwnedFd memfd_at(int number) {
  const OwnedFd fd(memfd_create("blindai-escape", 0));
  return OwnedFd(fcntl(fd.get(), F_DUPFD, number));
}

// A model's memfd: written, then sealed against all change.
OwnedFd sealed_model() {
  Result<OwnedFd> fd = create_memfd("blindai-escape-model");
  BLINDAI_CHECK(fd.has_value() && write(fd->get(), kSecret, sizeof kSecret) > 0);
  BLINDAI_CHECK(ftruncate(fd->get(), 8192) == 0 && seal_memfd(fd->get(), true).has_value());
  return std::move(*fd);
}

}  // namespace

std::string Happened::text() const {
  switch (kind) {
    case Kind::kGotThrough:
      return "GOT THROUGH";
    case Kind::kRefused:
      return std::string("refused: ") + strerrordesc_np(number);
    case Kind::kEnded:
      return std::string("ended by ") + strsignal(number);
    case Kind::kNotStarted:
      break;
  }
  return "NOT STARTED, " + std::to_string(number);
}

EscapeHarness::EscapeHarness(std::string program, std::string library)
    : program_(std::move(program)),
      library_(std::move(library)),
      inherited_(memfd_at(kBaitDescriptor)),
      socket_name_("blindai-escape-" + std::to_string(getpid())),
      model_(sealed_model()) {
  BLINDAI_CHECK(inherited_ && write(inherited_.get(), kSecret, sizeof kSecret) > 0);
  listening_ = listen_on_abstract(socket_name_);
  auto tensors = SharedMemory::create(8192);
  BLINDAI_CHECK(tensors.has_value());
  tensors_ = std::move(*tensors);
}

Happened EscapeHarness::happens(Mode mode, std::string_view attempt) {
  return mode == Mode::kControl ? without_sandbox(attempt) : in_worker(mode, attempt);
}

std::string EscapeHarness::library_argument(Mode mode, std::string_view attempt) const {
  const std::string_view name = mode == Mode::kSandbox  ? "sandbox"
                                : mode == Mode::kLayers ? "layers"
                                                        : "control";
  return library_ + "#" + std::string(name) + "#" + std::string(attempt) + "#" +
         std::to_string(getpid()) + "#" + std::to_string(reinterpret_cast<uintptr_t>(kSecret)) +
         "#" + std::to_string(inherited_.get()) + "#" + socket_name_;
}

Happened EscapeHarness::in_worker(Mode mode, std::string_view attempt) {
  auto process =
      ChildProcess::start(*reactor_, {.program = program_,
                                      .arguments = {.library = library_argument(mode, attempt)},
                                      .scratch_directory = "/tmp"});
  if (!process) return {};
  Happened out = converse((*process)->socket());
  (*process)->when_gone([&](ExitStatus status) {
    if (out.kind != Happened::Kind::kNotStarted) return reactor_->stop();
    if (status.signal != 0) out = {Happened::Kind::kEnded, status.signal};
    out.number = status.signal != 0 ? status.signal : status.code;
    reactor_->stop();
  });
  if (out.kind != Happened::Kind::kNotStarted) (*process)->kill();
  reactor_->run();
  return out;
}

// fork and execve, and nothing of what ChildProcess does to a worker.
Happened EscapeHarness::without_sandbox(std::string_view attempt) {
  int ends[2];
  BLINDAI_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const OwnedFd ours(ends[0]);
  OwnedFd theirs(ends[1]);
  const std::vector<std::string> texts =
      to_texts({.library = library_argument(Mode::kControl, attempt)});
  std::vector<char*> arguments = {const_cast<char*>("blindai-escape")};
  for (const std::string& text : texts) arguments.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    if (dup2(theirs.get(), wp::kSocketFd) == wp::kSocketFd)
      execv(program_.c_str(), arguments.data());
    _exit(127);
  }
  theirs.reset();
  Happened out = converse(ours.get());
  if (out.kind != Happened::Kind::kNotStarted) kill(pid, SIGKILL);
  int status = 0;
  BLINDAI_CHECK(waitpid(pid, &status, 0) == pid);
  if (out.kind == Happened::Kind::kNotStarted && WIFSIGNALED(status))
    out = {Happened::Kind::kEnded, WTERMSIG(status)};
  else if (out.kind == Happened::Kind::kNotStarted)
    out.number = WEXITSTATUS(status);
  return out;
}

// READY, the two pieces of memory, and the answer, if one comes.
Happened EscapeHarness::converse(int socket) {
  Happened out;
  const auto first = next_packet(socket);
  wp::Ready ready;
  if (!first || !wp::decode(*first, ready)) return out;
  report_ = ready.sandbox;
  const Bytes hello(1, 0);
  if (send_packet(socket, hello, tensors_->fd(), true) != SendResult::kSent ||
      send_packet(socket, hello, model_.get(), true) != SendResult::kSent)
    return out;
  const auto answer = next_packet(socket);
  uint32_t error = 0;
  if (!answer) return out;
  ByteReader r(*answer);
  if (!r.u32le(error) || !r.done()) return out;
  out.kind = error == 0 ? Happened::Kind::kGotThrough : Happened::Kind::kRefused;
  out.number = static_cast<int>(error);
  return out;
}

}  // namespace blindai
