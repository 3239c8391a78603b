// blindai-worker: evaluates one model for blindai-server, which starts it. Not for use by hand.
//
//   blindai-worker LIBRARY ADDRESS_SPACE_BYTES
//
// LIBRARY: absolute path of ONNX Runtime's library. ADDRESS_SPACE_BYTES: decimal, 0 for no limit.
// The server's socket is descriptor 3; the environment is empty but for ORT_DISABLE_TELEMETRY.
#include <charconv>
#include <cstring>

#include "enclave/infer/packet.h"
#include "enclave/infer/protocol.h"
#include "enclave/worker/engine.h"
#include "enclave/worker/sandbox.h"
#include "enclave/worker/service.h"

namespace {

constexpr int kUsage = 64;
constexpr int kNoEngine = 65;
constexpr int kNoSandbox = 66;

}  // namespace

int main(int argc, char** argv) {
  using namespace blindai;
  uint64_t address_space_bytes = 0;
  if (argc != 3) return kUsage;
  const char* end = argv[2] + std::strlen(argv[2]);
  const auto parsed = std::from_chars(argv[2], end, address_space_bytes);
  if (parsed.ec != std::errc() || parsed.ptr != end) return kUsage;

  // The library reads files and asks about the machine when it starts, and no model is here yet.
  auto engine = Engine::open(argv[1]);
  if (!engine) return kNoEngine;
  worker_protocol::Ready ready;
  ready.isolation = leave_privileges(address_space_bytes);
  ready.resident_bytes = resident_bytes();
  const auto filter = close_system_calls();
  if (!filter) return kNoSandbox;
  ready.isolation |= *filter;

  Bytes message;
  worker_protocol::encode(ready, message);
  if (send_packet(worker_protocol::kSocketFd, message, -1, true) != SendResult::kSent) return 0;
  serve_model(worker_protocol::kSocketFd, **engine);
}
