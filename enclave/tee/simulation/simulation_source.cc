#include "enclave/tee/simulation/simulation_source.h"

namespace blindai {

SimulationSource::SimulationSource(const Sha256Digest& measurement, Clock clock,
                                   SimulationFaults faults, SimulatedQuote format)
    : measurement_(measurement),
      format_(format),
      pki_(std::move(clock), [faults = std::move(faults), format](Time now) {
        return SimulationPki(now, faults, format);
      }) {}

Result<Evidence> SimulationSource::evidence(const ByteArray<64>& report_data) {
  return Evidence{tee(), pki_.now().quote(measurement_, report_data)};
}

Result<Collateral> SimulationSource::collateral() {
  return pki_.now().collateral();
}

}  // namespace blindai
