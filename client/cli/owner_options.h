// The command lines of `blindai keys` and `blindai access`. Internal to client/cli.
#pragma once

#include "client/cli/raw_options.h"

namespace blindai {

void add_owner_commands(CLI::App& app, RawOptions& raw);
std::vector<std::string> key_actions();

Outcome<CommandLine> keys_command(RawOptions& raw, const std::string& default_address);
Outcome<CommandLine> access_command(RawOptions& raw, const std::string& default_address);

// `option` is named in the error.
Outcome<std::vector<PublicKey>> public_keys_of(const std::vector<std::string>& texts,
                                               const char* option);

}  // namespace blindai
