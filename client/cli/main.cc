// blindai: verify servers, upload models, run them. docs/cli.md is the manual.
#include <iostream>
#include <unistd.h>

#include "client/cli/commands.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const blindai::ExitStatus status = blindai::run_program(
      arguments,
      {.out = std::cout, .err = std::cerr, .err_is_terminal = isatty(STDERR_FILENO) == 1});
  return static_cast<int>(status);
}
