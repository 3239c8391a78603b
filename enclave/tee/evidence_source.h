// Where the enclave gets evidence about itself: the hardware's quoting interface, or the
// simulation.
#pragma once

#include <memory>

#include "lib/attest/evidence.h"
#include "lib/base/result.h"

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
};

}  // namespace blindai
