#include "tests/running_server.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/tee/simulation/measure_file.h"

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

RunningServer::RunningServer(const std::string& bin, const RunningServerOptions& options)
    : measurement_(measurement_of_programs(bin)) {
  std::string folder = std::filesystem::temp_directory_path() / "blindai-server-XXXXXX";
  BLINDAI_CHECK(::mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
  std::ofstream(folder_ + "/config.toml") << options.config;
  int output[2];
  BLINDAI_CHECK(::pipe2(output, O_CLOEXEC) == 0);
  const std::string program = bin + "/blindai-server";
  const std::string store = options.store.empty() ? folder_ + "/store" : options.store;
  const std::string config = folder_ + "/config.toml";
  const std::string runs = std::to_string(options.run_threads);
  const std::string threads = std::to_string(options.intra_op_threads);
  const std::string linger = std::to_string(options.linger_us);
  pid_ = ::fork();
  BLINDAI_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    const int quiet = ::open("/dev/null", O_WRONLY);
    if (quiet >= 0) ::dup2(quiet, STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), "--tee", "simulation", "--listen", "127.0.0.1:0",
            "--store", store.c_str(), "--config", config.c_str(), "--run-threads", runs.c_str(),
            "--intra-op-threads", threads.c_str(), "--linger", linger.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(output[1]);
  FILE* lines = ::fdopen(output[0], "r");
  BLINDAI_CHECK(lines != nullptr);
  char line[512];
  while (address_.empty() && std::fgets(line, sizeof line, lines) != nullptr) {
    const std::string text = line;
    const size_t at = text.find("127.0.0.1:");
    if (at != std::string::npos) address_ = text.substr(at, text.find_last_not_of('\n') + 1 - at);
  }
  std::fclose(lines);
  BLINDAI_CHECK(!address_.empty());
}

RunningServer::~RunningServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RunningServer::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Outcome<std::unique_ptr<Connection>> RunningServer::try_connect() const {
  ConnectOptions options;
  options.policy = policy_for(measurement_);
  options.simulation = true;
  return Connection::connect(address_, options);
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
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  while (status >> word) {
    uint64_t kib = 0;
    if (word == field && status >> kib) return kib;
  }
  return 0;
}

}  // namespace blindai
