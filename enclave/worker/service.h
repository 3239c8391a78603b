// The worker's conversation with the server, after the sandbox is closed: one LOAD, then jobs.
// The model is checked (lib/onnx) before ONNX Runtime is given a byte of it.
//
// run_threads + 1 threads read the socket, so the kernel is the queue and a thread is left to hear
// CANCEL while all others are inside ONNX Runtime (the server sends no more than run_threads jobs
// at a time). When the socket ends, or the server breaks the protocol, the process ends at once.
#pragma once

#include "enclave/worker/engine.h"

namespace blindai {

// Serves until the socket ends; does not return. socket: blocking SOCK_SEQPACKET.
[[noreturn]] void serve_model(int socket, Engine& engine);

}  // namespace blindai
