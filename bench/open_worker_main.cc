// blindai-open-worker: blindai-worker without its sandbox, for sandbox_bench alone. It is built
// with the benchmarks and nowhere else: no product program can be told to leave the sandbox away,
// and the server does not take this one for a worker, since /proc shows what it lacks.
#include "enclave/infer/packet.h"
#include "enclave/infer/protocol.h"
#include "enclave/infer/worker_arguments.h"
#include "enclave/worker/engine.h"
#include "enclave/worker/service.h"

int main(int argc, char** argv) {
  using namespace blindai;
  const auto arguments = parse_worker_arguments(argc, argv);
  if (!arguments) return 64;
  auto engine = Engine::open(arguments->library);
  if (!engine) return 65;
  Bytes message;
  worker_protocol::encode(worker_protocol::Ready{}, message);
  if (send_packet(worker_protocol::kSocketFd, message, -1, true) != SendResult::kSent) return 0;
  serve_model(worker_protocol::kSocketFd, **engine);
}
