// The layers of a worker's sandbox: which there are, what became of each, and which of them the
// measured configuration may require. Pure; thread-safe.
//
//   SandboxReport report;
//   report[Layer::kSeccomp] = LayerState::applied();
//   if (auto lacking = missing(report, SandboxLevel::kBasic); !lacking.empty()) ...
//
// The worker fills one in and sends it (enclave/infer/protocol.h, Ready); what the server can see
// of it from outside it looks at itself (enclave/infer/outside_look.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blindai {

// In the order of docs/configuration.md and of the wire.
enum class Layer : uint8_t {
  kUser,              // not user 0
  kUserNamespace,     // a user namespace of its own, in which nobody is mapped
  kNetworkNamespace,  // no network but a loopback that is down
  kIpcNamespace,      // no System V IPC or POSIX message queue of others
  kPidNamespace,      // no process of others can be named
  kMountNamespace,    // mounts of its own
  kEmptyRoot,         // the root directory is an empty, read-only file system
  kNoCapabilities,
  kNoNewPrivileges,
  kLandlockFiles,    // no access to any file by name
  kLandlockNetwork,  // no TCP bind or connect
  kLandlockScope,    // no signal and no abstract socket of processes outside
  kLimits,           // RLIMIT_CORE, FSIZE, NOFILE; CPU where asked for; NPROC where it counts alone
  kAddressSpace,     // RLIMIT_AS; not present where it was not asked for
  kNotDumpable,      // no core file, no debugger, no /proc of it for others
  kDescriptors,      // none but the standard streams and the socket
  kParentDeath,      // killed when the server ends
  kSeccomp,          // system calls by a list
  kCgroup,  // memory.max, memory.swap.max, pids.max in a group of its own; the server's work
};
inline constexpr size_t kNumLayers = 19;

struct LayerState {
  enum class Kind : uint8_t { kNotPresent, kApplied, kRefused };
  Kind kind = Kind::kNotPresent;
  uint16_t error = 0;  // errno of a refusal, 1..kMaxError; otherwise 0

  static constexpr uint16_t kMaxError = 4095;
  static LayerState applied() { return {Kind::kApplied, 0}; }
  // An errno outside the range is taken for EIO, so that a refusal always has one.
  static LayerState refused(int error);
  bool is_applied() const { return kind == Kind::kApplied; }
  bool operator==(const LayerState&) const = default;
};

class SandboxReport {
 public:
  LayerState& operator[](Layer layer) { return states_[static_cast<size_t>(layer)]; }
  const LayerState& operator[](Layer layer) const { return states_[static_cast<size_t>(layer)]; }
  bool operator==(const SandboxReport&) const = default;

 private:
  std::array<LayerState, kNumLayers> states_;
};

// All layers in order.
const std::array<Layer, kNumLayers>& all_layers();
// "PID namespace".
std::string_view name_of(Layer layer);
// "applied", "not present", or "refused by the kernel: Operation not permitted (…what that usually
// means)".
std::string describe(const LayerState& state);

// require_sandbox of the measured configuration.
enum class SandboxLevel : uint8_t { kBasic, kFull };
std::string_view name_of(SandboxLevel level);
// False for a text that names no level.
bool parse_sandbox_level(std::string_view text, SandboxLevel& out);
// Whether a worker of this level may not run without the layer.
bool is_required(Layer layer, SandboxLevel level);
// The required layers that are not applied, in order. kUserNamespace stands in for kUser.
std::vector<Layer> missing(const SandboxReport& report, SandboxLevel level);
// "PID namespace (refused by the kernel: …), Landlock: files (not present)".
std::string list_of(const std::vector<Layer>& layers, const SandboxReport& report);

}  // namespace blindai
