// blindai-server by a clock that a test sets, with rounds of upkeep a hundred times a second.
//
//   blindai-server-at OPTION... FILE
//
// FILE: how many seconds its time is ahead of the system's, in decimal; read at each look at the
// clock, so the test replaces it by renaming.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "enclave/app/options.h"
#include "enclave/app/server.h"

int main(int argc, char** argv) {
  using namespace blindai;
  if (argc < 2) return EXIT_FAILURE;
  const std::string file = argv[argc - 1];
  const ParsedOptions options = parse_options(argc - 1, argv, "0");
  if (options.exit) return options.status;
  const auto now = [file]() -> Time {
    int64_t ahead = 0;
    std::ifstream in(file);
    BLINDAI_CHECK(static_cast<bool>(in >> ahead));
    return {std::time(nullptr) + ahead};
  };
  spdlog::logger log("blindai", std::make_shared<spdlog::sinks::stderr_sink_st>());
  const Outcome<void> result = run_server(
      options.hints, {.now = now, .upkeep_every = std::chrono::milliseconds(10)}, "0", log);
  if (result.has_value()) return EXIT_SUCCESS;
  std::fprintf(stderr, "blindai-server-at: %s\n", result.error().sentence.c_str());
  return EXIT_FAILURE;
}
