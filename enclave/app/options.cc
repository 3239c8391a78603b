#include "enclave/app/options.h"

#include <algorithm>
#include <thread>

#include <CLI/CLI.hpp>

namespace blindai {

namespace {

void add_metrics_options(CLI::App& app, HostHints& hints) {
  CLI::Option* metrics =
      app.add_option("--metrics", hints.metrics,
                     "Answer /metrics (Prometheus) and /health here, over plain HTTP: counts and "
                     "durations only. An address of this machine alone, such as 127.0.0.1:9925 "
                     "[nowhere]")
          ->type_name("HOST:PORT");
  app.add_flag("--metrics-anywhere", hints.metrics_anywhere,
               "Let --metrics be an address that other machines reach")
      ->needs(metrics);
}

void add_collateral_options(CLI::App& app, HostHints& hints) {
  app.add_option("--pcs", hints.pcs, "Intel's PCS, or a PCCS, for sgx and tdx [Intel's]")
      ->type_name("URL");
  app.add_option("--kds", hints.kds, "AMD's KDS, or a copy of it, for snp [AMD's]")
      ->type_name("URL");
  CLI::Option* folder =
      app.add_option("--collateral", hints.collateral,
                     "Read collateral from here, in place of asking those services "
                     "(`blindai collateral fetch` writes such a folder)")
          ->check(CLI::ExistingDirectory);
  app.add_option("--collateral-cache", hints.collateral_cache,
                 "Keep what was fetched here, across restarts [in memory only]")
      ->type_name("DIR")
      ->excludes(folder);
  app.add_option("--collateral-ca", hints.collateral_ca,
                 "Certification authorities of those services, PEM [the system's]")
      ->check(CLI::ExistingFile);
  app.add_option("--vmpl", hints.vmpl, "Privilege level to report for, snp [the kernel's own]")
      ->check(CLI::Range(0, 3));
}

void add_handover(CLI::App& app, HostHints& hints) {
  app.add_flag("--old-server-is-gone", hints.old_server_is_gone,
               "Use keys of a handover that was interrupted, although the old server never "
               "confirmed that it stopped: only when it will never run again");
  CLI::App* handover =
      app.add_subcommand("handover",
                         "Take over the models of a running server of an older release, which "
                         "then stops serving, and go on as an ordinary server. Both configurations "
                         "have to allow it (docs/configuration.md)")
          ->fallthrough();
  handover->add_option("--from", hints.handover_from, "The old server's address and port")
      ->required()
      ->type_name("HOST:PORT");
}

void add_sandbox_options(CLI::App& app, HostHints& hints) {
  app.add_option("--cgroup", hints.cgroup,
                 "A delegated cgroup (v2) without processes of its own: each worker gets a group "
                 "in it, with limits of memory and threads [none]")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--check-sandbox", hints.check_sandbox,
               "Print which layers of the workers' sandbox this machine permits, and end: with 0 "
               "when they are what --config requires");
}

std::optional<CLI::Error> check_together(const HostHints& hints, bool simulate_given) {
  if (!hints.check_sandbox) {
    if (hints.tee.empty()) return CLI::RequiredError("--tee");
    if (hints.store.empty()) return CLI::RequiredError("--store");
  }
  // Not passed over: who writes it may believe that this server is a simulation, or that it is one
  // no longer.
  if (simulate_given && hints.tee != "simulation")
    return CLI::ValidationError("--simulate",
                                "goes with --tee simulation; leave it out, or simulate that TEE");
  return std::nullopt;
}

}  // namespace

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
                 "What proves to users which programs run: the hardware this server is started "
                 "in. 'simulation' proves nothing and is for development; there is no default "
                 "[required]")
      ->check(CLI::IsMember({"sgx", "tdx", "snp", "nitro", "simulation"}));
  CLI::Option* simulate =
      app.add_option("--simulate", hints.simulate,
                     "Which TEE's evidence the simulation gives out, with --tee simulation only")
          ->check(CLI::IsMember({"sgx", "tdx", "snp"}))
          ->capture_default_str();
  app.add_option("--listen", hints.listen, "Address and port")->default_val("127.0.0.1:9924");
  app.add_option("--store", hints.store,
                 "Folder of the sealed models; made when missing [required]");
  app.add_option("--config", hints.config_path, "The measured configuration (TOML)")
      ->check(CLI::ExistingFile);
  app.add_option("--models", hints.models,
                 "Folder with the files of the models that the configuration lists")
      ->check(CLI::ExistingDirectory)
      ->default_val(".");
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
  app.add_option("--worker-memory", hints.worker_memory_mib,
                 "MiB that one model may take, its runs included [three quarters of --memory]")
      ->check(CLI::Range(uint64_t{64}, uint64_t{1} << 30));
  app.add_option("--bodies", hints.bodies_mib,
                 "MiB that requests on their way may hold together, of which one account half")
      ->check(CLI::Range(uint64_t{16}, uint64_t{1} << 30))
      ->capture_default_str();
  app.add_option("--refusal-pause", hints.refusal_pause,
                 "After a model that was refused its account's next one is tried this many times "
                 "as long after it as trying it took, but at most a minute; 0: at once")
      ->check(CLI::Range(0, 1'000))
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
  add_metrics_options(app, hints);
  add_collateral_options(app, hints);
  add_sandbox_options(app, hints);
  add_handover(app, hints);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    out.exit = true;
    out.status = app.exit(error) == 0 ? 0 : 2;
    return out;
  }
  if (const auto error = check_together(hints, simulate->count() > 0)) {
    out.exit = true;
    app.exit(*error);
    out.status = 2;
  }
  return out;
}

}  // namespace blindai
