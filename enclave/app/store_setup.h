// The store with the keys that open it: the sealing key, what was inherited, and, for
// `blindai-server handover`, what an old server gives now.
#pragma once

#include <functional>
#include <memory>

#include "enclave/app/options.h"
#include "enclave/config/measured_config.h"
#include "enclave/handover/giver.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/vault/posix_file_layer.h"
#include "enclave/vault/vault.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): the library's
}

namespace blindai {

struct StoreSetup {
  std::unique_ptr<PosixFileLayer> files;
  std::unique_ptr<Vault> vault;
  std::unique_ptr<HandoverGiver> giver;
};

// `measurement`: of the running programs. `on_event`: as Vault::open() has it. Errors: those of the
// parts, and kInvalid "config.handover-from" when a handover is asked for and the configuration has
// no handover.from.
Outcome<StoreSetup> open_store(const HostHints& hints, EvidenceSource& source,
                               const Sha256Digest& measurement, const MeasuredConfig& config,
                               const std::function<Time()>& clock, spdlog::logger& log,
                               VaultLog on_event);

}  // namespace blindai
