#include "enclave/tee/simulation/snp_simulation_source.h"

namespace blindai {

SnpSimulationSource::SnpSimulationSource(const ByteArray<48>& measurement,
                                         const SnpPlatform& platform, Clock clock)
    : measurement_(measurement),
      simulation_(std::move(clock), [platform](Time now) { return SnpSimulation(platform, now); }) {
}

Result<Evidence> SnpSimulationSource::evidence(const ByteArray<64>& report_data) {
  return Evidence{Tee::kSnp, simulation_.now().report(measurement_, report_data)};
}

Result<Collateral> SnpSimulationSource::collateral() {
  return simulation_.now().collateral();
}

}  // namespace blindai
