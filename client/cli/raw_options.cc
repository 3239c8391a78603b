#include "client/cli/raw_options.h"

#include <filesystem>

#include <CLI/CLI.hpp>

namespace blindai {

Problem usage(std::string sentence) {
  return Problem(Code::kInvalid, "cli.usage", std::move(sentence));
}

bool looks_like_address(const std::string& text) {
  return text.find(':') != std::string::npos && !std::filesystem::exists(text);
}

Outcome<std::string> take_address(RawOptions& raw, const std::string& default_address) {
  if (!raw.arguments.empty() && looks_like_address(raw.arguments.front())) {
    std::string out = raw.arguments.front();
    raw.arguments.erase(raw.arguments.begin());
    return out;
  }
  if (!default_address.empty()) return default_address;
  return std::unexpected(
      usage("The server's address is missing: give host:port first, or set BLINDAI_ADDR."));
}

Outcome<void> expect_arguments(const RawOptions& raw, size_t least, size_t most, const char* form) {
  if (raw.arguments.size() >= least && raw.arguments.size() <= most) return {};
  return std::unexpected(usage(std::string("The arguments are ") + form + "; see --help."));
}

CLI::App* add_command(CLI::App& app, RawOptions& raw, const char* name, const char* description,
                      const char* arguments, const char* arguments_help, const char* examples) {
  CLI::App* out = app.add_subcommand(name, description);
  if (*arguments != '\0')
    out->add_option("arguments", raw.arguments, arguments_help)->option_text(arguments);
  out->add_flag("--json", raw.json, "Print JSON, for programs");
  out->footer(std::string("Examples:\n") + examples);
  return out;
}

void add_server_options(CLI::App& command, RawOptions& raw) {
  command
      .add_option("--policy", raw.server.policy,
                  "Which servers to accept (else $BLINDAI_POLICY, else blindai-policy.toml beside "
                  "this program)")
      ->type_name("FILE");
  command.add_flag("--simulation", raw.server.simulation,
                   "Accept the simulation, which protects nothing: for development");
  command
      .add_option("--timeout", raw.server.timeout_s, "Give up when nothing moves for so long (300)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 86400.0));
}

void add_caller_options(CLI::App& command, RawOptions& raw) {
  command
      .add_option("--key", raw.server.key,
                  "Your API key (else the file $BLINDAI_KEY_FILE, else $BLINDAI_API_KEY itself, "
                  "else nobody in particular)")
      ->type_name("FILE");
  command
      .add_option("--account-token", raw.server.account_token,
                  "A token of your account for that key; read again when it is about to expire")
      ->type_name("FILE");
}

void add_list_option(CLI::App& command, const char* name, std::vector<std::string>& to,
                     const char* type, const char* description) {
  command.add_option(name, to, description)
      ->type_name(type)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace blindai
