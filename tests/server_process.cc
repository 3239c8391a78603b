#include "tests/server_process.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/result.h"

namespace blindai {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

ServerProcess::ServerProcess(std::string program)
    : program_(program.empty() ? BLINDAI_BINARY_DIR "/bin/blindai-server" : std::move(program)) {}

ServerProcess::~ServerProcess() {
  (void)stop();
}

bool ServerProcess::start(const std::string& config, const std::vector<std::string>& options) {
  BLINDAI_CHECK(pid_ < 0);
  std::ofstream(folder_ / "config.toml") << config;
  std::vector<std::string> arguments = {program_};
  const std::pair<std::string, std::string> defaults[] = {{"--tee", "simulation"},
                                                          {"--listen", "127.0.0.1:0"},
                                                          {"--store", folder_ / "store"},
                                                          {"--config", folder_ / "config.toml"},
                                                          {"--linger", "0"},
                                                          {"--refusal-pause", "0"}};
  for (const auto& [option, value] : defaults)
    if (std::ranges::find(options, option) == options.end())
      arguments.insert(arguments.end(), {option, value});
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  int output[2];
  BLINDAI_CHECK(::pipe2(output, O_CLOEXEC) == 0);
  const std::string log_path = folder_ / "log";
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

int ServerProcess::stop(int signal) {
  if (pid_ < 0) return -1;
  int status = 0;
  ::kill(pid_, signal);
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string ServerProcess::log() const {
  return read_file(folder_ / "log");
}

}  // namespace blindai
