// A real blindai-server of this build, on a free port, for tests and benchmarks.
#pragma once

#include <memory>
#include <string>

#include "client/cpp/connection.h"
#include "enclave/vault/vault.h"
#include "tests/server_process.h"

namespace blindai {

struct RunningServerOptions {
  std::string store = {};  // a folder that outlives the server; empty: one of its own
  std::string config = "allow_anonymous_upload = true\n";
  int run_threads = 1;
  int intra_op_threads = 1;
  int linger_us = 50;
  int refusal_pause = 50;
};

// What the simulation measures of the programs in `bin`. Hashed once.
Sha256Digest measurement_of_programs(const std::string& bin);

// What that server seals under, in a store of its own, where its configuration hands over to
// nobody.
SealFor seal_of_server(FileLayer& store, const Sha256Digest& measurement);

class RunningServer {
 public:
  // bin: folder of the programs. Aborts when the server does not start.
  explicit RunningServer(const std::string& bin, const RunningServerOptions& options = {});
  // SIGKILL, and waits until it is gone. May be called while another thread uses a connection.
  void kill() { (void)process_.stop(SIGKILL); }
  // A verified connection, under the measurement of the programs in `bin`; null when the server
  // cannot be reached or does not hold.
  Outcome<std::unique_ptr<Connection>> try_connect() const;
  // The same; aborts when there is none.
  std::unique_ptr<Connection> connect() const;
  const std::string& address() const { return process_.address(); }
  const Sha256Digest& measurement() const { return measurement_; }
  // Of the server process, without its workers: VmRSS now, and the most it was (VmHWM).
  uint64_t resident_kib() const { return status_kib("VmRSS:"); }
  uint64_t peak_resident_kib() const { return status_kib("VmHWM:"); }

 private:
  uint64_t status_kib(const std::string& field) const;

  const Sha256Digest measurement_;
  ServerProcess process_;
};

}  // namespace blindai
