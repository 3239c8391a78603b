#include "enclave/tee/simulation/simulation_source.h"

#include "enclave/tee/simulation/simulation_certificates.h"

namespace blindai {

SimulationSource::SimulationSource(const Sha256Digest& measurement, Clock clock,
                                   SimulationFaults faults, SimulatedQuote format)
    : measurement_(measurement),
      clock_(std::move(clock)),
      faults_(std::move(faults)),
      format_(format),
      made_at_(clock_()),
      pki_(made_at_, faults_, format_) {}

Result<Evidence> SimulationSource::evidence(const ByteArray<64>& report_data) {
  return Evidence{tee(), pki().quote(measurement_, report_data)};
}

Result<Collateral> SimulationSource::collateral() {
  return pki().collateral();
}

const SimulationPki& SimulationSource::pki() {
  const Time now = clock_();
  // Also when the clock was set back: nothing made now may begin in the future.
  if (now >= made_at_ + kSimulationRenewAfter || now < made_at_) {
    made_at_ = now;
    pki_ = SimulationPki(now, faults_, format_);
  }
  return pki_;
}

}  // namespace blindai
