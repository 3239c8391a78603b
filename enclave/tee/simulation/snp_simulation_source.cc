#include "enclave/tee/simulation/snp_simulation_source.h"

#include "enclave/tee/simulation/simulation_certificates.h"

namespace blindai {

SnpSimulationSource::SnpSimulationSource(const ByteArray<48>& measurement,
                                         const SnpPlatform& platform, Clock clock)
    : measurement_(measurement),
      platform_(platform),
      clock_(std::move(clock)),
      made_at_(clock_()),
      simulation_(platform_, made_at_) {}

Result<Evidence> SnpSimulationSource::evidence(const ByteArray<64>& report_data) {
  return Evidence{Tee::kSnp, simulation().report(measurement_, report_data)};
}

Result<Collateral> SnpSimulationSource::collateral() {
  return simulation().collateral();
}

const SnpSimulation& SnpSimulationSource::simulation() {
  const Time now = clock_();
  // Also when the clock was set back: nothing made now may begin in the future.
  if (now >= made_at_ + kSimulationRenewAfter || now < made_at_) {
    made_at_ = now;
    simulation_ = SnpSimulation(platform_, now);
  }
  return simulation_;
}

}  // namespace blindai
