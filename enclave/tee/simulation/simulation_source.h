// Evidence about the running programs from a platform that exists only here. It proves nothing, and
// is started only by --tee simulation.
#pragma once

#include "enclave/tee/evidence_source.h"
#include "enclave/tee/simulation/renewed_daily.h"
#include "enclave/tee/simulation/simulation_pki.h"

namespace blindai {

class SimulationSource final : public EvidenceSource {
 public:
  using Clock = RenewedDaily<SimulationPki>::Clock;

  // `measurement`: what lib/measure computed for the running programs; it stands as MRENCLAVE, or
  // in MRTD. `clock` answers the time now, and is asked again at each call below.
  SimulationSource(const Sha256Digest& measurement, Clock clock, SimulationFaults faults = {},
                   SimulatedQuote format = SimulatedQuote::kSgxV3);

  Tee tee() const override { return tee_of(format_); }
  bool is_simulation() const override { return true; }
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  Result<Collateral> collateral() override;

 private:
  const Sha256Digest measurement_;
  const SimulatedQuote format_;
  RenewedDaily<SimulationPki> pki_;
};

}  // namespace blindai
