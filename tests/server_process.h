// A server program of this build, as a process with a configuration and a folder of its own.
#pragma once

#include <csignal>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace blindai {

class ServerProcess {
 public:
  // program: its path; empty: this build's blindai-server.
  explicit ServerProcess(std::string program = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it with this configuration and these options, among the simulation's: over the same
  // store as before, unless they say another. False when the server ended instead. Nobody reads
  // what it prints once it has said where it listens.
  bool start(const std::string& config, const std::vector<std::string>& options = {});
  // The signal, and the exit status; -N when signal N ended it.
  int stop(int signal = SIGTERM);
  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  // A folder that lives as long as this, for files of the test.
  const std::string& folder() const { return folder_.path(); }
  // What the server has written so far: its log, and why it ended.
  std::string log() const;

 private:
  const std::string program_;
  const TemporaryFolder folder_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace blindai
