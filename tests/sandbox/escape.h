// Attempts to get out of a worker's sandbox: what blindai-escape is made of.
//
// Each attempt makes the system call itself, as code that took the worker over would, and says what
// came of it. Outside the sandbox (the control run) it must do no harm, to root either: where the
// real thing would, the arguments are such that the kernel refuses them after it has asked whether
// the caller may.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>

namespace blindai::escape {

// What the process that starts it lays out as bait.
struct Bait {
  pid_t server = 0;        // the process that started it
  uintptr_t address = 0;   // of `kSecretBytes` bytes in that process
  int descriptor = -1;     // open in that process, in the worker if it was inherited
  std::string socket;      // abstract UNIX socket that listens there
  int sealed_memory = -1;  // arrived over the worker's socket: tensors, size sealed
  int sealed_model = -1;   // the same: a model, sealed against writing
};
inline constexpr size_t kSecretBytes = 16;

// 0: it got through. Otherwise the errno of the call that was refused.
using Attempt = int (*)(const Bait& bait);

// How the control run must come out, so that the refusal inside is the sandbox's.
enum class Control : uint8_t {
  kGetsThrough,  // for everybody, on every kernel
  kDiffers,      // gets through, or is refused with another errno: the arguments are harmless, or
                 // not every kernel has it. Whom the machine refuses it too (powers that this user
                 // lacks, hard limits, what the kernel was built without) cannot tell: counted.
  kSealed,       // refused there too: it is the seal that holds, besides the sandbox
};

struct Named {
  std::string_view name;
  Attempt attempt;
  Control control;
};
std::span<const Named> file_attempts();
std::span<const Named> kernel_attempts();
std::span<const Named> memory_attempts();
std::span<const Named> process_attempts();
std::span<const Named> socket_attempts();

// The outcome of a system call that returns less than 0 when refused.
inline int outcome(long result) {
  return result >= 0 ? 0 : errno;
}
template <typename... Arguments>
int call(long number, Arguments... arguments) {
  return outcome(syscall(number, arguments...));
}
template <typename... Arguments>
int call_and_close(long number, Arguments... arguments) {
  const long fd = syscall(number, arguments...);
  if (fd < 0) return errno;
  close(static_cast<int>(fd));
  return 0;
}

}  // namespace blindai::escape
