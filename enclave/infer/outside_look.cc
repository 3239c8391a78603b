#include "enclave/infer/outside_look.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <fcntl.h>
#include <unistd.h>

#include "enclave/infer/packet.h"

namespace blindai {
namespace {

constexpr size_t kMaxStatus = 16 * 1024;

// The words of one line.
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    const size_t end = std::min(line.find_first_of(" \t", start), line.size());
    out.push_back(line.substr(start, end - start));
    line.remove_prefix(end);
  }
  return out;
}

std::optional<uint64_t> number(std::string_view text, int base) {
  uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

void take_line(std::string_view line, ProcessStatus& out) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::vector<std::string_view> values = words(line.substr(colon + 1));
  const auto value = [&](size_t i, int base) {
    return i < values.size() ? number(values[i], base) : std::nullopt;
  };
  if (name == "Uid") out.effective_user = value(1, 10);
  if (name == "CapPrm") out.permitted_capabilities = value(0, 16);
  if (name == "NoNewPrivs") out.no_new_privileges = value(0, 10);
  if (name == "Seccomp") out.seccomp = value(0, 10);
  if (name == "NSpid" && !values.empty()) out.pid_namespaces = values.size();
}

std::string read_status(const std::string& path) {
  std::string out(kMaxStatus, '\0');
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? read(fd.get(), out.data(), out.size()) : -1;
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

std::string namespace_of(const std::string& process, std::string_view kind) {
  std::string out(PATH_MAX, '\0');
  const std::string path = process + "/ns/" + std::string(kind);
  const ssize_t n = readlink(path.c_str(), out.data(), out.size());
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

// Seen, and not what it should be.
bool differs(const std::optional<uint64_t>& seen, uint64_t expected) {
  return seen.has_value() && *seen != expected;
}

}  // namespace

ProcessStatus parse_process_status(std::string_view text) {
  ProcessStatus out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    take_line(text.substr(0, end), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<Layer> contradicted(pid_t pid, const SandboxReport& report) {
  const std::string process = "/proc/" + std::to_string(pid);
  const ProcessStatus status = parse_process_status(read_status(process + "/status"));
  const ProcessStatus own = parse_process_status(read_status("/proc/self/status"));
  std::vector<Layer> out;
  const auto check = [&](Layer layer, bool wrong) {
    if (report[layer].is_applied() && wrong) out.push_back(layer);
  };
  const auto check_namespace = [&](Layer layer, std::string_view kind) {
    const std::string theirs = namespace_of(process, kind);
    check(layer, !theirs.empty() && theirs == namespace_of("/proc/self", kind));
  };
  check(Layer::kUser, status.effective_user == 0U);
  check_namespace(Layer::kUserNamespace, "user");
  check_namespace(Layer::kNetworkNamespace, "net");
  check_namespace(Layer::kIpcNamespace, "ipc");
  check(Layer::kPidNamespace, status.pid_namespaces.has_value() && own.pid_namespaces.has_value() &&
                                  *status.pid_namespaces <= *own.pid_namespaces);
  check_namespace(Layer::kMountNamespace, "mnt");
  check(Layer::kNoCapabilities, differs(status.permitted_capabilities, 0));
  check(Layer::kNoNewPrivileges, differs(status.no_new_privileges, 1));
  check(Layer::kSeccomp, differs(status.seccomp, 2));
  return out;
}

}  // namespace blindai
