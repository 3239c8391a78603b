// The evidence source that --tee names, with what it needs. There is no fallback: the TEE that was
// named is there, or the server does not start.
#pragma once

#include <functional>
#include <memory>

#include "enclave/app/options.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): the library's
}

namespace blindai {

// Owned by main(). The parts refer to each other, so it stays where it is.
class TeeSetup {
 public:
  // Asks the TEE for evidence once, so that one that is missing stops the server before it touches
  // anything. `kernel` outlives it; `measurement` is what the simulation says of the running
  // programs (hardware measures for itself).
  // Errors: those of the sources' evidence(); of CollateralFetcher::create.
  static Outcome<std::unique_ptr<TeeSetup>> create(const HostHints& hints, Kernel& kernel,
                                                   const Sha256Digest& measurement,
                                                   std::function<Time()> clock,
                                                   spdlog::logger& log);
  virtual ~TeeSetup() = default;
  virtual EvidenceSource& source() = 0;
};

}  // namespace blindai
