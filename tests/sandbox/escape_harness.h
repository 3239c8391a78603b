// Starts blindai-escape for one attempt, as a worker is started or with nothing around it, and says
// what happened.
#pragma once

#include <optional>
#include <string>

#include "enclave/infer/child_process.h"
#include "enclave/infer/shared_memory.h"

namespace blindai {

// What one attempt came to.
struct Happened {
  enum class Kind : uint8_t { kGotThrough, kRefused, kEnded, kNotStarted };
  Kind kind = Kind::kNotStarted;
  int number = 0;  // errno of a refusal; signal of an end
  bool operator==(const Happened&) const = default;
  std::string text() const;  // "refused: Operation not permitted"
};

class EscapeHarness {
 public:
  enum class Mode : uint8_t { kSandbox, kLayers, kControl };

  // program, library: absolute paths.
  EscapeHarness(std::string program, std::string library);
  Happened happens(Mode mode, std::string_view attempt);
  // What the process of the last attempt reported of its sandbox.
  const SandboxReport& report() const { return report_; }

 private:
  std::string library_argument(Mode mode, std::string_view attempt) const;
  Happened in_worker(Mode mode, std::string_view attempt);
  Happened without_sandbox(std::string_view attempt);
  Happened converse(int socket);

  std::string program_;
  std::string library_;
  std::unique_ptr<Reactor> reactor_ = Reactor::create();
  // The bait: a memfd that other processes started from here inherit, a listening socket, memory.
  OwnedFd inherited_;
  OwnedFd listening_;
  std::string socket_name_;
  std::unique_ptr<SharedMemory> tensors_;
  OwnedFd model_;
  SandboxReport report_;
};

}  // namespace blindai
