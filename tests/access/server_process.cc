#include "tests/access/server_process.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace blindai {
namespace {

std::string program() {
  return BLINDAI_BINARY_DIR "/bin/blindai-server";
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

ServerProcess::ServerProcess() {
  std::string folder = std::filesystem::temp_directory_path() / "blindai-access-XXXXXX";
  BLINDAI_CHECK(::mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
}

ServerProcess::~ServerProcess() {
  (void)stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool ServerProcess::start(const std::string& config, const std::vector<std::string>& options) {
  BLINDAI_CHECK(pid_ < 0);
  std::ofstream(folder_ + "/config.toml") << config;
  std::vector<std::string> arguments = {program(),
                                        "--tee",
                                        "simulation",
                                        "--listen",
                                        "127.0.0.1:0",
                                        "--store",
                                        folder_ + "/store",
                                        "--config",
                                        folder_ + "/config.toml",
                                        "--linger",
                                        "0"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  int output[2];
  BLINDAI_CHECK(::pipe2(output, O_CLOEXEC) == 0);
  const std::string log_path = folder_ + "/log";
  pid_ = ::fork();
  BLINDAI_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    const int log_fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log_fd >= 0) ::dup2(log_fd, STDERR_FILENO);
    ::execv(raw[0], raw.data());
    ::_exit(127);
  }
  ::close(output[1]);
  FILE* lines = ::fdopen(output[0], "r");
  BLINDAI_CHECK(lines != nullptr);
  char line[512];
  address_.clear();
  while (address_.empty() && std::fgets(line, sizeof line, lines) != nullptr) {
    const std::string text = line;
    const size_t at = text.find("127.0.0.1:");
    if (at != std::string::npos) address_ = text.substr(at, text.find_last_not_of('\n') + 1 - at);
  }
  std::fclose(lines);
  if (address_.empty()) (void)stop();
  return !address_.empty();
}

int ServerProcess::stop() {
  if (pid_ < 0) return -1;
  int status = 0;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string ServerProcess::log() const {
  return read_file(folder_ + "/log");
}

std::optional<std::string_view> Reply::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

Peer::Peer(const std::string& address, Proof proof)
    : address_(address), proof_(std::move(proof)), tls_(TlsClientContext::create()) {}

void Peer::connect() {
  if (http_ != nullptr && http_->usable()) return;
  http_ = HttpClient::connect(address_, *tls_, {}, nullptr).value();
  credentials_ = proof_(http_->tls().export_key(kAuthExporterLabel).value());
}

Reply Peer::read(const HttpClientResponse& response) {
  Reply out{.status = response.status,
            .code = {},
            .sentence = {},
            .body = std::string(as_text(response.body)),
            .fields = response.fields};
  if (response.status < 400) return out;
  const auto document = JsonDocument::parse(out.body);
  BLINDAI_CHECK(document.has_value());
  out.code = document->root()["code"].string().value_or("");
  out.sentence = document->root()["error"].string().value_or("");
  return out;
}

Reply Peer::ask(const std::string& method, const std::string& target, BytesView body,
                HttpFields fields) {
  connect();
  fields.insert(fields.end(), credentials_.begin(), credentials_.end());
  HttpClientRequest request{
      .method = method, .target = target, .fields = std::move(fields), .body = {}};
  if (!body.empty()) request.body = {body};
  return read(http_->send(request).value());
}

Reply Peer::ask_slowly(const std::string& method, const std::string& target,
                       const std::string& body, const std::function<void()>& meanwhile) {
  connect();
  const HttpClientRequest request{
      .method = method, .target = target, .fields = credentials_, .body = {}};
  size_t sent = 0;
  const auto produce = [&](std::span<uint8_t> out) -> Result<size_t> {
    if (sent == 0) meanwhile();
    const size_t n = std::min(out.size(), body.size() - sent);
    std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(sent), n, out.begin());
    sent += n;
    return n;
  };
  return read(
      http_->send(request, {.length = body.size(), .read = produce, .progress = {}}).value());
}

Peer::Proof no_proof() {
  return [](const AuthExporter&) { return HttpFields(); };
}

Peer::Proof proof_of(const ApiKey& key) {
  auto shared = std::make_shared<ApiKey>(key.duplicate(KeyAccess()));
  return [shared](const AuthExporter& exporter) {
    return HttpFields{{"authorization", make_connection_proof(*shared, exporter)}};
  };
}

Peer::Proof proof_of(const ApiKey& key, std::string token) {
  return [proof = proof_of(key), token = std::move(token)](const AuthExporter& exporter) {
    HttpFields out = proof(exporter);
    out.emplace_back("blindai-account", token);
    return out;
  };
}

ApiKey key_of(uint8_t seed) {
  ByteArray<32> raw{};
  raw.fill(seed);
  return ApiKey::from_seed(SecretKey(std::move(raw)));
}

}  // namespace blindai
