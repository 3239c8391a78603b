#include "client/cli/commands.h"

#include <cstdlib>
#include <filesystem>

#include "client/cpp/key_file.h"
#include "lib/auth/account_token.h"

namespace blindai {
namespace {

constexpr const char* kPolicyBeside = "blindai-policy.toml";

std::string beside_this_program() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "" : (program.parent_path() / kPolicyBeside).string();
}

}  // namespace

Outcome<ConnectOptions> connect_options(const ServerOptions& options) {
  ASSIGN_OR_RETURN(Policy policy, load_policy(options.policy, beside_this_program()));
  return ConnectOptions{
      .policy = std::move(policy),
      .simulation = options.simulation,
      .request_time = std::chrono::milliseconds(static_cast<int64_t>(options.timeout_s * 1000))};
}

Outcome<std::unique_ptr<Connection>> connect(const ServerOptions& options, const Console& console) {
  // Before the policy, so that a typo in a key is told first and alone.
  ASSIGN_OR_RETURN(std::shared_ptr<const ApiKey> key, load_api_key(options.key));
  ASSIGN_OR_RETURN(ConnectOptions connect_with, connect_options(options));
  connect_with.api_key = std::move(key);
  if (!options.account_token.empty())
    connect_with.account_token = [path = options.account_token] {
      return read_text_file(path, kMaxAccountToken);
    };
  auto connection = Connection::connect(options.address, connect_with);
  if (connection.has_value() && options.simulation && !console.json)
    console.err << "blindai: simulation: this server protects nothing that you send.\n";
  return connection;
}

ExitStatus run(const CompletionCommand& command, const Console& console) {
  console.out << command.script;
  return ExitStatus::kOk;
}

ExitStatus run(const TextCommand& command, const Console& console) {
  console.out << command.text;
  return ExitStatus::kOk;
}

ExitStatus run_program(const std::vector<std::string>& arguments, Console console) {
  const char* address = std::getenv("BLINDAI_ADDR");
  const auto line = parse_command_line(arguments, address == nullptr ? "" : address, console.json);
  if (!line.has_value()) return report(console, line.error());
  const ExitStatus status =
      std::visit([&](const auto& command) { return run(command, console); }, line->command);
  console.out.flush();
  if (status == ExitStatus::kOk && !console.out.good())
    return report(console, Problem(Code::kUnavailable, "output.write",
                                   "The result could not be written; check the disk or the "
                                   "program that reads it."));
  return status;
}

}  // namespace blindai
