#include "enclave/app/options.h"

#include <algorithm>
#include <thread>

#include <CLI/CLI.hpp>

namespace blindai {

ParsedOptions parse_options(int argc, char** argv, const std::string& version) {
  ParsedOptions out;
  HostHints& hints = out.hints;
  hints.run_threads =
      static_cast<uint16_t>(std::clamp(std::thread::hardware_concurrency(), 1u, 64u));

  CLI::App app("Serves ONNX models inside a trusted execution environment.", "blindai-server");
  app.footer(
      "Example:\n"
      "  blindai-server --tee simulation --listen 127.0.0.1:9924 --store models --config "
      "demo.toml\n"
      "\n"
      "The file given with --config is measured: users see it and decide whether to accept it\n"
      "(docs/configuration.md). Everything else concerns this machine alone.\n"
      "SIGTERM stops the server after the requests that are running.");
  app.set_version_flag("--version", version);
  app.add_option("--tee", hints.tee,
                 "What proves to users which programs run. 'simulation' proves nothing and is for "
                 "development; there is no default")
      ->required()
      ->check(CLI::IsMember({"simulation"}));
  app.add_option("--listen", hints.listen, "Address and port")->default_val("127.0.0.1:9924");
  app.add_option("--store", hints.store, "Folder of the sealed models; made when missing")
      ->required();
  app.add_option("--config", hints.config_path, "The measured configuration (TOML)")
      ->check(CLI::ExistingFile);
  app.add_option("--worker", hints.worker_path, "The worker program [beside this one]");
  app.add_option("--onnxruntime", hints.engine_path,
                 "libonnxruntime.so.1.28.0 [beside the worker]");
  app.add_option("--run-threads", hints.run_threads, "Predictions at once per model")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--intra-op-threads", hints.intra_op_threads, "Threads within one prediction")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--memory", hints.memory_mib, "MiB for all loaded models together")
      ->check(CLI::Range(uint64_t{64}, uint64_t{1} << 30))
      ->capture_default_str();
  app.add_option("--linger", hints.linger_us,
                 "Microseconds that the event loop looks for more before it sleeps; 0 saves "
                 "processor time, 50 saves the time of waking up")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  app.add_option("--drain", hints.drain_seconds,
                 "Seconds that running requests may take after SIGTERM")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    out.exit = true;
    out.status = app.exit(error) == 0 ? 0 : 2;
  }
  return out;
}

}  // namespace blindai
