// SEV-SNP evidence about the running programs from a platform that exists only here. It proves
// nothing.
#pragma once

#include <functional>

#include "enclave/tee/evidence_source.h"
#include "enclave/tee/simulation/snp_simulation.h"

namespace blindai {

class SnpSimulationSource final : public EvidenceSource {
 public:
  using Clock = std::function<Time()>;

  // `measurement` stands as MEASUREMENT. `clock` answers the time now, and is asked again at each
  // call below.
  SnpSimulationSource(const ByteArray<48>& measurement, const SnpPlatform& platform, Clock clock);

  Tee tee() const override { return Tee::kSnp; }
  bool is_simulation() const override { return true; }
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // Made anew once a day, so that it is always in force for at least twenty-nine days more.
  Result<Collateral> collateral() override;

 private:
  const SnpSimulation& simulation();

  const ByteArray<48> measurement_;
  const SnpPlatform platform_;
  const Clock clock_;
  Time made_at_;
  SnpSimulation simulation_;
};

}  // namespace blindai
