// Registers the options of `blindai collateral`.
#pragma once

#include "client/cli/collateral.h"

namespace CLI {
class App;
}

namespace blindai {

void add_collateral_options(CLI::App& app, CollateralCommand& command);

}  // namespace blindai
