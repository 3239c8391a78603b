// Evidence about the running programs from a platform that exists only here. It proves nothing, and
// is started only by --tee simulation.
#pragma once

#include <functional>

#include "enclave/tee/evidence_source.h"
#include "enclave/tee/simulation/simulation_pki.h"

namespace blindai {

class SimulationSource final : public EvidenceSource {
 public:
  using Clock = std::function<Time()>;

  // `measurement`: what lib/measure computed for the running programs; it stands as MRENCLAVE, or
  // in MRTD. `clock` answers the time now, and is asked again at each call below.
  SimulationSource(const Sha256Digest& measurement, Clock clock, SimulationFaults faults = {},
                   SimulatedQuote format = SimulatedQuote::kSgxV3);

  Tee tee() const override { return tee_of(format_); }
  bool is_simulation() const override { return true; }
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // Made anew once a day, so that it is always in force for at least twenty-nine days more.
  Result<Collateral> collateral() override;

 private:
  const SimulationPki& pki();

  const Sha256Digest measurement_;
  const Clock clock_;
  const SimulationFaults faults_;
  const SimulatedQuote format_;
  Time made_at_;
  SimulationPki pki_;
};

}  // namespace blindai
