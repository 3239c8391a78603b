// The subcommands. Each prints its result on console.out and its problem on console.err.
#pragma once

#include "client/cli/console.h"
#include "client/cli/options.h"
#include "client/cpp/connection.h"

namespace blindai {

ExitStatus run(const VerifyCommand& command, const Console& console);
ExitStatus run(const UploadCommand& command, const Console& console);
ExitStatus run(const PredictCommand& command, const Console& console);
ExitStatus run(const ModelsCommand& command, const Console& console);
ExitStatus run(const KeysCommand& command, const Console& console);
ExitStatus run(const AccessCommand& command, const Console& console);
ExitStatus run(const MeasureCommand& command, const Console& console);
ExitStatus run(const CollateralCommand& command, const Console& console);
ExitStatus run(const CompletionCommand& command, const Console& console);
ExitStatus run(const TextCommand& command, const Console& console);

// The whole program but for what the system gives it.
ExitStatus run_program(const std::vector<std::string>& arguments, Console console);

// Policy and time allowed, as the command line and the environment say.
Outcome<ConnectOptions> connect_options(const ServerOptions& options);
// Verified, as the caller whose key the command line or the environment names. Says loudly on
// console.err when it is the simulation.
Outcome<std::unique_ptr<Connection>> connect(const ServerOptions& options, const Console& console);

}  // namespace blindai
