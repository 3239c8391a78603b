// SEV-SNP evidence about the running programs from a platform that exists only here. It proves
// nothing, and is started only by --tee simulation.
#pragma once

#include "enclave/tee/evidence_source.h"
#include "enclave/tee/simulation/renewed_daily.h"
#include "enclave/tee/simulation/snp_simulation.h"

namespace blindai {

class SnpSimulationSource final : public EvidenceSource {
 public:
  using Clock = RenewedDaily<SnpSimulation>::Clock;

  // `measurement` stands as MEASUREMENT. `clock` answers the time now, and is asked again at each
  // call below.
  SnpSimulationSource(const ByteArray<48>& measurement, const SnpPlatform& platform, Clock clock);

  Tee tee() const override { return Tee::kSnp; }
  bool is_simulation() const override { return true; }
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  Result<Collateral> collateral() override;

 private:
  const ByteArray<48> measurement_;
  RenewedDaily<SnpSimulation> simulation_;
};

}  // namespace blindai
