// A blindai-server of this build, started for a benchmark on a free port and stopped after it.
#pragma once

#include <memory>
#include <string>
#include <sys/types.h>

#include "client/cpp/connection.h"

namespace blindai {

class RunningServer {
 public:
  // bin: folder of the programs. Aborts when the server does not start.
  RunningServer(const std::string& bin, int run_threads, int intra_op_threads, int linger_us = 50);
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  // A verified connection, under the measurement of the programs in `bin`.
  std::unique_ptr<Connection> connect() const;
  // VmRSS of the server process, without its workers.
  uint64_t resident_kib() const;

 private:
  std::string bin_;
  std::string folder_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace blindai
