// blindai-worker: evaluates one model for blindai-server, which starts it. Not for use by hand.
// Arguments: enclave/infer/worker_arguments.h. The server's socket is descriptor 3; the environment
// is empty but for ORT_DISABLE_TELEMETRY.
#include <unistd.h>

#include "enclave/infer/packet.h"
#include "enclave/infer/protocol.h"
#include "enclave/infer/resident_memory.h"
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
  using worker_protocol::kSocketFd;
  const auto arguments = parse_worker_arguments(argc, argv);
  if (!arguments) return kUsage;
  // The library reads files and asks about the machine when it starts, and no model is here yet.
  auto engine = Engine::open(arguments->library);
  if (!engine) return kNoEngine;
  worker_protocol::Ready ready;
  ready.resident_bytes = resident_bytes_of("self");  // while there is a /proc
  ready.sandbox = leave_privileges(*arguments, kSocketFd);
  close_system_calls(ready.sandbox);

  Bytes message;
  worker_protocol::encode(ready, message);
  if (send_packet(kSocketFd, message, -1, true) != SendResult::kSent) return 0;
  // The server says what is missing; no model is read without it, whatever the server does. At
  // once, for what runs at a program's end makes calls that are refused by now.
  if (!missing(ready.sandbox, arguments->level).empty()) _exit(kNoSandbox);
  serve_model(kSocketFd, **engine);
}
