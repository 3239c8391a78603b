#include "enclave/infer/worker_arguments.h"

#include <charconv>

namespace blindai {
namespace {

constexpr int kCount = 7;  // with the program's name
constexpr unsigned kPid = 1;
constexpr unsigned kUser = 2;

template <typename T>
bool read_number(std::string_view text, T& out, T most) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && out <= most;
}

}  // namespace

std::vector<std::string> to_texts(const WorkerArguments& arguments) {
  const unsigned namespaces =
      (arguments.own_pid_namespace ? kPid : 0) | (arguments.own_user_namespace ? kUser : 0);
  return {arguments.library,
          std::to_string(arguments.address_space_bytes),
          std::to_string(arguments.cpu_seconds),
          std::string(name_of(arguments.level)),
          std::to_string(namespaces),
          std::to_string(arguments.namespace_error)};
}

std::optional<WorkerArguments> parse_worker_arguments(int argc, const char* const* argv) {
  if (argc != kCount) return std::nullopt;
  WorkerArguments out;
  out.library = argv[1];
  unsigned namespaces = 0;
  unsigned error = 0;
  if (!read_number(argv[2], out.address_space_bytes, UINT64_MAX) ||
      !read_number(argv[3], out.cpu_seconds, UINT64_MAX) ||
      !parse_sandbox_level(argv[4], out.level) || !read_number(argv[5], namespaces, kPid | kUser) ||
      !read_number(argv[6], error, unsigned{LayerState::kMaxError}))
    return std::nullopt;
  out.own_pid_namespace = (namespaces & kPid) != 0;
  out.own_user_namespace = (namespaces & kUser) != 0;
  out.namespace_error = static_cast<int>(error);
  return out;
}

}  // namespace blindai
