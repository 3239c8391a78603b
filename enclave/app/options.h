// The command line: hints of the host. Nothing here can weaken what users verified; what could is
// in MeasuredConfig.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace blindai {

struct HostHints {
  std::string tee;                 // --tee: "sgx", "tdx", "snp", "nitro" or "simulation"
  std::string simulate = "sgx";    // --simulate: "sgx", "tdx" or "snp"; with --tee simulation only
  std::string listen;              // --listen host:port
  std::string store;               // --store folder
  std::string models;              // --models folder of the configuration's [[models]]
  std::string config_path;         // --config file; empty: the measured configuration is empty
  std::string worker_path;         // --worker; default: beside this program
  std::string engine_path;         // --onnxruntime; default: beside the worker
  uint16_t run_threads = 0;        // --run-threads: predictions at once per model
  uint16_t intra_op_threads = 1;   // --intra-op-threads within one prediction
  uint64_t memory_mib = 4096;      // --memory, of all workers together
  uint64_t worker_memory_mib = 0;  // --worker-memory, of one; 0: three quarters of the above
  uint64_t bodies_mib = 1024;      // --bodies, of all requests on their way
  uint32_t refusal_pause = 50;     // --refusal-pause, times as long as trying a refused model took
  uint32_t linger_us = 50;         // --linger, of the event loop before it sleeps
  uint32_t drain_seconds = 30;     // --drain
  std::string metrics;             // --metrics host:port; empty: no such listener
  bool metrics_anywhere = false;   // --metrics-anywhere: also where others can reach it
  // Where the vendor's collateral comes from. Whatever it is, clients judge it.
  std::string pcs;                 // --pcs URL; empty: Intel's
  std::string kds;                 // --kds URL; empty: AMD's
  std::string collateral;          // --collateral folder, in place of both
  std::string collateral_cache;    // --collateral-cache folder; empty: in memory
  std::string collateral_ca;       // --collateral-ca file; empty: the system's
  std::optional<uint32_t> vmpl{};  // --vmpl, SEV-SNP; absent: the kernel's own
  // `blindai-server handover --from host:port`; empty: an ordinary start.
  std::string handover_from;
  bool old_server_is_gone = false;  // --old-server-is-gone
  std::string cgroup;               // --cgroup, delegated, for the workers; empty: none
  bool check_sandbox = false;       // --check-sandbox: print the layers, and nothing else
};

// What the command line asked for. `exit` is set when there is nothing more to do (--help,
// --version, or an error that has been printed).
struct ParsedOptions {
  bool exit = false;
  int status = 0;
  HostHints hints;
};
ParsedOptions parse_options(int argc, char** argv, const std::string& version);

}  // namespace blindai
