// blindai-escape: a worker that was taken over. Started as blindai-worker is, with ONNX Runtime
// opened and the same layers put around it, it tries one of its attempts and says what came of it.
//
// Its LIBRARY argument is "library#mode#attempt#server#address#descriptor#socket" (Escape in
// escape_harness.h writes it). Mode: "sandbox"; "layers", which leaves the filter of system calls
// out; "control", which puts nothing around it. It sends READY, takes two packets with the memory
// that it may attack, and answers with one packet of 4 bytes: 0, or the errno, little-endian. A
// program that `execute` started sends the same, for it has got through.
#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "enclave/infer/packet.h"
#include "enclave/infer/protocol.h"
#include "enclave/worker/engine.h"
#include "enclave/worker/sandbox.h"
#include "lib/base/byte_reader.h"
#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

using worker_protocol::kSocketFd;

void say(int outcome) {
  Bytes message;
  put_u32le(message, static_cast<uint32_t>(outcome));
  send_packet(kSocketFd, message, -1, true);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find('#');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

template <typename T>
T number(const std::string& text) {
  T out{};
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Attempt find(std::string_view name) {
  for (const auto list : {file_attempts(), kernel_attempts(), memory_attempts(), process_attempts(),
                          socket_attempts()})
    for (const Named& named : list)
      if (named.name == name) return named.attempt;
  return nullptr;
}

// Where it arrived. Never closed.
int take_descriptor() {
  std::array<uint8_t, 16> storage{};
  static std::vector<OwnedFd> kept;
  Received received = receive_packet_with_fd(kSocketFd, storage);
  kept.push_back(std::move(received.fd));
  return kept.back().get();
}

// Ends without the C library's farewell, which makes calls that the sandbox refuses.
[[noreturn]] void say_and_end(int outcome) {
  say(outcome);
  _exit(0);
}

int run(const WorkerArguments& arguments) {
  const std::vector<std::string> parts = split(arguments.library);
  if (parts.size() != 7) return 64;
  const std::string& mode = parts[1];
  const Attempt attempt = find(parts[2]);
  const auto engine = Engine::open(parts[0]);
  if (attempt == nullptr || !engine) return 65;
  Bait bait = {.server = number<pid_t>(parts[3]),
               .address = number<uintptr_t>(parts[4]),
               .descriptor = number<int>(parts[5]),
               .socket = parts[6]};
  worker_protocol::Ready ready;
  if (mode != "control") ready.sandbox = leave_privileges(arguments, kSocketFd);
  if (mode == "sandbox") close_system_calls(ready.sandbox);
  Bytes message;
  worker_protocol::encode(ready, message);
  send_packet(kSocketFd, message, -1, true);
  bait.sealed_memory = take_descriptor();
  bait.sealed_model = take_descriptor();
  say_and_end(attempt(bait));
}

}  // namespace
}  // namespace blindai::escape

int main(int argc, char** argv) {
  using namespace blindai;
  if (argc == 2 && std::string_view(argv[1]) == "landed") escape::say_and_end(0);
  const auto arguments = parse_worker_arguments(argc, argv);
  return arguments ? escape::run(*arguments) : 64;
}
