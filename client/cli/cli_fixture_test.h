// The whole program, in this process, and a folder for its files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "client/cli/commands.h"
#include "tests/support/lying_server.h"

namespace blindai {

class Cli : public testing::Test {
 protected:
  Cli() : dir_(testing::TempDir() + "blindai_cli_test_" + std::to_string(::getpid()) + "/") {
    std::filesystem::create_directories(dir_);
    Policy policy;
    SgxPolicy sgx;
    sgx.mr_enclave = {LyingServer::measurement()};
    policy.sgx = sgx;
    policy.tcb_statuses = {TcbStatus::kUpToDate};
    policy.configurations.values = {sha256(as_bytes(LyingServer::kConfig))};
    policy.max_evidence_age_s = 3600;
    write("policy.toml", policy_to_toml(policy));
    ::unsetenv("BLINDAI_ADDR");
    ::unsetenv("BLINDAI_POLICY");
    ::unsetenv("BLINDAI_KEY_FILE");
    ::unsetenv("BLINDAI_API_KEY");
  }
  ~Cli() override { std::filesystem::remove_all(dir_); }

  std::string write(const std::string& name, std::string_view content) {
    std::ofstream(dir_ + name, std::ios::binary) << content;
    return dir_ + name;
  }
  std::string read(const std::string& name) {
    std::ostringstream out;
    out << std::ifstream(dir_ + name, std::ios::binary).rdbuf();
    return out.str();
  }

  ExitStatus run(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const ExitStatus status = run_program(arguments, {.out = out, .err = err});
    out_ = out.str();
    err_ = err.str();
    return status;
  }
  // With the simulation and its policy allowed.
  ExitStatus run_simulated(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--simulation", "--policy", dir_ + "policy.toml"});
    return run(std::move(arguments));
  }

  const std::string dir_;
  std::string out_;
  std::string err_;
};

inline HttpResponse reply(unsigned status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

}  // namespace blindai
