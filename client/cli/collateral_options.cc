// The command line of `blindai collateral`.
#include "client/cli/collateral_options.h"

#include <CLI/CLI.hpp>

namespace blindai {

void add_collateral_options(CLI::App& app, CollateralCommand& command) {
  app.add_option("--out", command.out, "Folder to write to")->type_name("DIR")->required();
  app.add_option("--pcs", command.pcs, "Intel's PCS or a PCCS, for SGX and TDX (else Intel's)")
      ->type_name("URL");
  app.add_option("--kds", command.kds, "AMD's KDS or a copy, for SEV-SNP (else AMD's)")
      ->type_name("URL");
  app.add_option("--cache", command.cache, "Folder that keeps what was fetched")->type_name("DIR");
  app.add_flag("--refresh", command.refresh, "Ask for everything anew");
  app.add_option("--ca", command.ca,
                 "Certification authorities of the services, PEM (else the system's)")
      ->type_name("FILE");
  app.add_option("--product", command.product,
                 "Milan, Genoa or Turin, for a report that does not say it")
      ->type_name("NAME");
}

}  // namespace blindai
