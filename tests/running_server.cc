#include "tests/running_server.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "enclave/tee/simulation/measure_file.h"
#include "enclave/vault/sealing_key.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

Policy policy_for(const Sha256Digest& measurement) {
  Policy policy;
  policy.sgx = SgxPolicy();
  policy.sgx->mr_enclave = {measurement};
  policy.tcb_statuses = {TcbStatus::kUpToDate};
  policy.configurations.any = true;
  policy.max_evidence_age_s = 3600;
  return policy;
}

}  // namespace

Sha256Digest measurement_of_programs(const std::string& bin) {
  static std::map<std::string, Sha256Digest> known;
  if (const auto found = known.find(bin); found != known.end()) return found->second;
  std::vector<MeasuredFile> files;
  files.push_back(measure_file("blindai-server", bin + "/blindai-server").value());
  files.push_back(measure_file("blindai-worker", bin + "/blindai-worker").value());
  files.push_back(measure_file("libonnxruntime", bin + "/libonnxruntime.so.1.28.0").value());
  return known[bin] = measurement_of(std::move(files)).value();
}

SealFor seal_of_server(FileLayer& store, const Sha256Digest& measurement) {
  const SealingRoot root = simulation_sealing_root(store).value();
  return {derive_sealing_key(root.secret, measurement, sha256({})), measurement};
}

RunningServer::RunningServer(const std::string& bin, const RunningServerOptions& options)
    : measurement_(measurement_of_programs(bin)), process_(bin + "/blindai-server") {
  std::vector<std::string> arguments = {
      "--run-threads",      std::to_string(options.run_threads),
      "--intra-op-threads", std::to_string(options.intra_op_threads),
      "--linger",           std::to_string(options.linger_us),
      "--refusal-pause",    std::to_string(options.refusal_pause)};
  if (!options.store.empty()) arguments.insert(arguments.end(), {"--store", options.store});
  if (process_.start(options.config, arguments)) return;
  std::fprintf(stderr, "%s\n", process_.log().c_str());
  std::abort();
}

Outcome<std::unique_ptr<Connection>> RunningServer::try_connect() const {
  ConnectOptions options;
  options.policy = policy_for(measurement_);
  options.simulation = true;
  return Connection::connect(address(), options);
}

std::unique_ptr<Connection> RunningServer::connect() const {
  Outcome<std::unique_ptr<Connection>> connection = try_connect();
  if (!connection.has_value()) {
    std::fprintf(stderr, "%s\n", connection.error().sentence.c_str());
    std::abort();
  }
  return std::move(*connection);
}

uint64_t RunningServer::status_kib(const std::string& field) const {
  std::ifstream status("/proc/" + std::to_string(process_.pid()) + "/status");
  std::string word;
  while (status >> word) {
    uint64_t kib = 0;
    if (word == field && status >> kib) return kib;
  }
  return 0;
}

}  // namespace blindai
