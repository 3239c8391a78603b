// Registers the options of `blindai collateral`.
#pragma once

#include "client/cli/collateral.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace blindai {

void add_collateral_options(CLI::App& app, CollateralCommand& command);

}  // namespace blindai
