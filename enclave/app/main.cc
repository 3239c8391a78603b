// blindai-server, by the system's clock.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "enclave/app/options.h"
#include "enclave/app/server.h"

namespace {

blindai::Time now() {
  return {std::time(nullptr)};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string version = BLINDAI_VERSION;
  const blindai::ParsedOptions options = blindai::parse_options(argc, argv, version);
  if (options.exit) return options.status;
  spdlog::logger log("blindai", std::make_shared<spdlog::sinks::stderr_sink_st>());
  log.set_pattern("%Y-%m-%dT%H:%M:%S%z %l: %v");
  const blindai::Outcome<void> result = blindai::run_server(
      options.hints, {.now = now, .upkeep_every = std::chrono::hours(1)}, version, log);
  if (result.has_value()) return EXIT_SUCCESS;
  std::fprintf(stderr, "blindai-server: %s\n", result.error().sentence.c_str());
  return EXIT_FAILURE;
}
