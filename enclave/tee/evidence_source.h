// Where the enclave gets evidence about itself: the hardware's quoting interface, or the
// simulation.
#pragma once

#include <memory>
#include <optional>

#include "lib/attest/evidence.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace blindai {

// One per process, made by app/main.cc from --tee. Thread-compatible: used from one thread.
class EvidenceSource {
 public:
  virtual ~EvidenceSource() = default;
  virtual Tee tee() const = 0;
  // True for a source whose evidence proves nothing, so that the server can say so loudly.
  virtual bool is_simulation() const = 0;
  // Evidence over the running programs' measurement and these 64 bytes of report_data.
  virtual Result<Evidence> evidence(const ByteArray<64>& report_data) = 0;
  // Collateral that is in force now and fits evidence().
  virtual Result<Collateral> collateral() = 0;
  // A secret that this platform gives to this measurement alone, the same at each start. Nothing
  // where the TEE has none to give; a TEE that has one and does not give it now is an error, never
  // nothing, or models would be sealed under a key that is not kept.
  virtual Result<std::optional<SecretKey>> sealing_root() { return std::nullopt; }
};

}  // namespace blindai
