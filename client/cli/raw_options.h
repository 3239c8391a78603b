// What the subcommands' command lines have in common. Internal to client/cli.
#pragma once

#include "client/cli/options.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace blindai {

// What CLI11 fills in, as written on the command line.
struct RawOptions {
  bool json = false;
  std::vector<std::string> arguments;
  ServerOptions server;
  std::string save, id, shape, datatype, output, remove, model_hash, collateral, claims, at, tpm,
      nonce;
  std::vector<std::string> only;
  std::vector<std::string> callers, handovers;
  std::string owner, receipt;
  bool no_save = false;
  bool replace = false;
  bool make_public = false, make_private = false, no_handover = false, reveal = false;
  MeasureCommand measure;
  std::string simulate;
  CollateralCommand fetch;
};

Problem usage(std::string sentence);

bool looks_like_address(const std::string& text);
// The first argument when it is an address, else the default.
Outcome<std::string> take_address(RawOptions& raw, const std::string& default_address);
// `form`: "[ADDR] FILE"
Outcome<void> expect_arguments(const RawOptions& raw, size_t least, size_t most, const char* form);

// A subcommand with its positional arguments (none for an empty text), --json and examples.
CLI::App* add_command(CLI::App& app, RawOptions& raw, const char* name, const char* description,
                      const char* arguments, const char* arguments_help, const char* examples);
// --policy, --simulation, --timeout.
void add_server_options(CLI::App& command, RawOptions& raw);
// --key, and --account-token.
void add_caller_options(CLI::App& command, RawOptions& raw);
// An option that may be given several times.
void add_list_option(CLI::App& command, const char* name, std::vector<std::string>& to,
                     const char* type, const char* description);

}  // namespace blindai
