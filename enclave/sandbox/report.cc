#include "enclave/sandbox/report.h"

#include <cerrno>
#include <cstring>

namespace blindai {
namespace {

enum class Need : uint8_t { kNever, kFull, kBasic };

struct Row {
  Layer layer;
  std::string_view name;
  Need need;
};

// What every kernel and container gives is basic. What newer kernels add to a layer that is
// required anyway, and what needs a delegation, is not required.
constexpr std::array<Row, kNumLayers> kRows = {{
    {Layer::kUser, "user other than root", Need::kBasic},
    {Layer::kUserNamespace, "user namespace", Need::kFull},
    {Layer::kNetworkNamespace, "network namespace", Need::kFull},
    {Layer::kIpcNamespace, "IPC namespace", Need::kFull},
    {Layer::kPidNamespace, "PID namespace", Need::kFull},
    {Layer::kMountNamespace, "mount namespace", Need::kFull},
    {Layer::kEmptyRoot, "empty root", Need::kFull},
    {Layer::kNoCapabilities, "no capabilities", Need::kBasic},
    {Layer::kNoNewPrivileges, "no new privileges", Need::kBasic},
    {Layer::kLandlockFiles, "Landlock: files", Need::kFull},
    {Layer::kLandlockNetwork, "Landlock: network", Need::kNever},
    {Layer::kLandlockScope, "Landlock: signals and abstract sockets", Need::kNever},
    {Layer::kLimits, "resource limits", Need::kBasic},
    {Layer::kAddressSpace, "address space limit", Need::kNever},
    {Layer::kNotDumpable, "not dumpable", Need::kBasic},
    {Layer::kDescriptors, "own descriptors only", Need::kBasic},
    {Layer::kParentDeath, "ends with the server", Need::kBasic},
    {Layer::kSeccomp, "seccomp filter", Need::kBasic},
    {Layer::kCgroup, "cgroup limits", Need::kNever},
}};

const Row& row_of(Layer layer) {
  return kRows[static_cast<size_t>(layer)];
}

std::string_view usual_cause(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return "; a container's profile, a security module or a sysctl forbids it";
    case ENOSPC:
    case EUSERS:
      return "; a limit of namespaces is reached, sysctl user.max_*_namespaces";
    case ENOSYS:
    case EINVAL:
    case EOPNOTSUPP:
      return "; this kernel does not have it, or it is switched off";
    case EBUSY:
      return "; something else uses it";
    default:
      return "";
  }
}

// Root of a container that has no second user becomes nobody in a user namespace of its own.
bool is_held(const SandboxReport& report, Layer layer) {
  return report[layer].is_applied() ||
         (layer == Layer::kUser && report[Layer::kUserNamespace].is_applied());
}

}  // namespace

LayerState LayerState::refused(int error) {
  const bool in_range = error > 0 && error <= kMaxError;
  return {Kind::kRefused, static_cast<uint16_t>(in_range ? error : EIO)};
}

const std::array<Layer, kNumLayers>& all_layers() {
  static constexpr auto kAll = [] {
    std::array<Layer, kNumLayers> out{};
    for (size_t i = 0; i < kNumLayers; ++i) out[i] = kRows[i].layer;
    return out;
  }();
  return kAll;
}

std::string_view name_of(Layer layer) {
  return row_of(layer).name;
}

std::string describe(const LayerState& state) {
  switch (state.kind) {
    case LayerState::Kind::kApplied:
      return "applied";
    case LayerState::Kind::kNotPresent:
      return "not present";
    case LayerState::Kind::kRefused:
      break;
  }
  const char* const text = strerrordesc_np(state.error);
  std::string out = "refused by the kernel: ";
  out += text != nullptr ? std::string(text) : "error " + std::to_string(state.error);
  out += usual_cause(state.error);
  return out;
}

std::string_view name_of(SandboxLevel level) {
  return level == SandboxLevel::kFull ? "full" : "basic";
}

bool parse_sandbox_level(std::string_view text, SandboxLevel& out) {
  for (const SandboxLevel level : {SandboxLevel::kBasic, SandboxLevel::kFull}) {
    if (text != name_of(level)) continue;
    out = level;
    return true;
  }
  return false;
}

bool is_required(Layer layer, SandboxLevel level) {
  const Need need = row_of(layer).need;
  return need == Need::kBasic || (need == Need::kFull && level == SandboxLevel::kFull);
}

std::vector<Layer> missing(const SandboxReport& report, SandboxLevel level) {
  std::vector<Layer> out;
  for (const Layer layer : all_layers())
    if (is_required(layer, level) && !is_held(report, layer)) out.push_back(layer);
  return out;
}

std::string list_of(const std::vector<Layer>& layers, const SandboxReport& report) {
  std::string out;
  for (const Layer layer : layers) {
    if (!out.empty()) out += ", ";
    out += name_of(layer);
    out += " (" + describe(report[layer]) + ")";
  }
  return out;
}

}  // namespace blindai
