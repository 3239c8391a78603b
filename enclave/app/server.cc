#include "enclave/app/server.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "enclave/app/operator_listener.h"
#include "enclave/app/store_setup.h"
#include "enclave/app/tee_setup.h"
#include "enclave/app/worker_setup.h"
#include "enclave/config/measured_config.h"
#include "enclave/infer/resident_memory.h"
#include "enclave/infer/worker_pool.h"
#include "enclave/serve/context.h"
#include "enclave/serve/metrics.h"
#include "enclave/serve/operator_service.h"
#include "enclave/serve/service.h"
#include "enclave/serve/startup_models.h"
#include "enclave/serve/upkeep.h"
#include "enclave/tee/simulation/measure_file.h"
#include "lib/handover/release.h"
#include "net/background.h"
#include "net/http_server.h"

namespace blindai {
namespace {

constexpr std::string_view kEngineName = "libonnxruntime.so.1.28.0";
// Evidence in the certificate is made anew well before collateral or a policy's age limit ends it.
constexpr std::chrono::hours kRenewEvery{1};

Outcome<std::string> read_config(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof())
    return problem(Code::kInvalid, "config.read",
                   "The configuration " + path + " could not be read; check its permissions.");
  return text;
}

// As many descriptors as this machine allows: one for each connection, and those of workers.
void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// Keys and tensors must not end up in a core dump or in another process's debugger.
void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

struct Programs {
  std::string server;
  std::string worker;
  std::string engine;
};

Programs find_programs(const HostHints& hints) {
  std::error_code ignored;
  const std::filesystem::path server = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::filesystem::path worker = hints.worker_path.empty()
                                           ? server.parent_path() / "blindai-worker"
                                           : std::filesystem::absolute(hints.worker_path);
  const std::filesystem::path engine = hints.engine_path.empty()
                                           ? worker.parent_path() / kEngineName
                                           : std::filesystem::absolute(hints.engine_path);
  return {"/proc/self/exe", worker, engine};
}

Result<Sha256Digest> measure(const Programs& programs) {
  ASSIGN_OR_RETURN(MeasuredFile server, measure_file("blindai-server", programs.server));
  ASSIGN_OR_RETURN(MeasuredFile worker, measure_file("blindai-worker", programs.worker));
  ASSIGN_OR_RETURN(MeasuredFile engine, measure_file("libonnxruntime", programs.engine));
  return measurement_of({std::move(server), std::move(worker), std::move(engine)});
}

void announce(const std::string& version, const std::string& address, uint16_t port,
              const Sha256Digest& measurement, const MeasuredConfig& config,
              const EvidenceSource& source) {
  const std::string host = address.substr(0, address.rfind(':'));
  std::printf("BlindAI %s listening on %s:%u\n", version.c_str(), host.c_str(), port);
  // Hardware measures the image that the programs are in; its value is in the evidence.
  std::printf("  %s    %s\n", source.is_simulation() ? "measurement" : "programs   ",
              to_hex(measurement).c_str());
  std::printf("  evidence       %s%s\n", std::string(name_of(source.tee())).c_str(),
              source.is_simulation() ? ", simulated" : "");
  // What an owner writes into a model's access rules to let it go here.
  if (source.is_simulation() && source.tee() == Tee::kSgx)
    std::printf("  release        %s\n", to_hex(release_id_sgx(measurement, config.hash)).c_str());
  std::printf("  configuration  %s%s\n", to_hex(config.hash).c_str(),
              config.allow_anonymous_upload ? "  (anonymous uploads allowed)" : "");
  std::fflush(stdout);
}

// SIGTERM and SIGINT, as a descriptor for the reactor. Blocked before any thread starts.
int stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  BLINDAI_CHECK(::sigprocmask(SIG_BLOCK, &signals, nullptr) == 0);
  return ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

Outcome<void> run_server(const HostHints& hints, const ServerTime& time, const std::string& version,
                         spdlog::logger& log) {
  const std::function<Time()>& now = time.now;
  ASSIGN_OR_RETURN(const std::string config_text, read_config(hints.config_path));
  ASSIGN_OR_RETURN(const MeasuredConfig config, parse_measured_config(config_text));
  const Programs programs = find_programs(hints);
  WorkerOptions for_workers = worker_options(hints, config, programs.worker, programs.engine, log);
  if (hints.check_sandbox) return print_sandbox(for_workers);
  ASSIGN_OR_RETURN(const Sha256Digest measurement, measure(programs));
  // Whoever reads what is printed may go away, and the server goes on.
  BLINDAI_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  const int signal_fd = stop_signals();
  keep_memory_private();
  allow_many_files();
  RETURN_IF_ERROR(settle_sandbox(for_workers, log));

  const std::unique_ptr<Kernel> kernel = real_kernel();
  ASSIGN_OR_RETURN(const std::unique_ptr<TeeSetup> tee,
                   TeeSetup::create(hints, *kernel, measurement, now, log));
  EvidenceSource& source = tee->source();
  if (source.is_simulation())
    log.warn(
        "SIMULATION: the evidence of this server proves nothing, and its operator can read "
        "every model and tensor. For development only.");

  Metrics metrics;
  const auto on_event = [&log, &metrics](const VaultEvent& event) {
    metrics.vault_event(event.kind);
    log.warn("store: {} {}: {}", name_of(event.kind), event.file, event.error.describe());
  };
  ASSIGN_OR_RETURN(const StoreSetup store,
                   open_store(hints, source, measurement, config, now, log, on_event));

  const std::unique_ptr<Reactor> reactor =
      Reactor::create(std::chrono::microseconds(hints.linger_us));
  ServerIdentity identity(source, config_text, now);
  Tenancy tenancy(config,
                  {.bytes = hints.bodies_mib << 20,
                   .account_bytes = hints.bodies_mib << 19,
                   .refusal_pause = hints.refusal_pause},
                  *store.vault, metrics, now);
  tenancy.load([&log](std::string_view kind, const Error& error) {
    log.error("a record of {} was left out: {}", kind, error.describe());
  });
  Background background(*reactor);
  for_workers.background = &background;
  WorkerPool workers(
      *reactor, std::move(for_workers),
      {.memory_bytes = hints.memory_mib << 20, .worker_bytes = most_of_one_worker(hints)});
  ASSIGN_OR_RETURN(const Bytes certificate, identity.make_certificate());
  ASSIGN_OR_RETURN(const std::unique_ptr<TlsServerContext> tls,
                   TlsServerContext::create(certificate, identity.tls_key()));
  ServeContext context{.reactor = *reactor,
                       .background = background,
                       .identity = identity,
                       .vault = *store.vault,
                       .handover = *store.giver,
                       .workers = workers,
                       .metrics = metrics,
                       .tenancy = tenancy,
                       .config = config,
                       .clock = now,
                       .version = version};
  BlindaiService service(context);
  RETURN_IF_ERROR(load_startup_models(context, hints.models));
  ASSIGN_OR_RETURN(const int listen_fd, listen_on(hints.listen));
  const uint16_t port = port_of(listen_fd);
  std::unique_ptr<HttpServer> server =
      HttpServer::create(*reactor, listen_fd, *tls, service, HttpServerLimits());

  OperatorService for_operator(metrics, [&, started = Reactor::Clock::now()] {
    ServerState state{.ready = service.ready() && !store.giver->finished(),
                      .http = server->counters(),
                      .workers = workers.counts(),
                      .held_bytes = tenancy.admission.held_bytes(),
                      .resident_bytes = resident_bytes_of("self"),
                      .uptime = std::chrono::duration_cast<std::chrono::seconds>(
                          Reactor::Clock::now() - started)};
    for (const auto& record : store.vault->catalogue()) {
      ++state.models;
      state.model_bytes += record->size;
    }
    return state;
  });
  std::unique_ptr<HttpServer> operator_server;
  if (!hints.metrics.empty()) {
    ASSIGN_OR_RETURN(const int operator_fd,
                     listen_for_operator(hints.metrics, hints.metrics_anywhere));
    log.info("metrics and health on port {}", port_of(operator_fd));
    operator_server =
        HttpServer::create_plain(*reactor, operator_fd, for_operator, operator_limits());
  }

  Upkeep upkeep(context, service, log, time.upkeep_every);
  const std::unique_ptr<Reactor::Timer> renewal = reactor->timer();
  const std::function<void()> renew = [&] {
    auto fresh = std::make_shared<Result<Bytes>>();
    background.run([&identity, fresh] { *fresh = identity.make_certificate(); },
                   [&, fresh] {
                     Status done = fresh->has_value()
                                       ? tls->replace_certificate(**fresh, identity.tls_key())
                                       : std::unexpected(fresh->error());
                     if (!done.has_value())
                       log.error("the certificate's evidence could not be renewed: {}",
                                 done.error().describe());
                     renewal->after(kRenewEvery, renew);
                   });
  };
  renewal->after(kRenewEvery, renew);

  std::unique_ptr<Reactor::Watch> signals = reactor->watch(signal_fd);
  signals->when_readable([&] {
    log.info("stopping: finishing the requests that are running");
    service.stop();
    server->drain(std::chrono::seconds(hints.drain_seconds), [&] { reactor->stop(); });
  });

  announce(version, hints.listen, port, measurement, config, source);
  reactor->run();
  log.info("stopped after {} requests on {} connections", server->counters().requests,
           server->counters().connections_accepted);
  signals.reset();
  ::close(signal_fd);
  operator_server.reset();
  server.reset();
  upkeep.finish();
  background.finish();  // its thread may be inside any of the above
  return {};
}

}  // namespace blindai
