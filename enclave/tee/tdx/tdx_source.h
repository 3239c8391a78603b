// Evidence about a TDX guest, through configfs-tsm (enclave/tee/kernel/tsm_report.h).
#pragma once

#include <optional>

#include "enclave/tee/collateral_supply.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"

namespace blindai {

class TdxSource final : public EvidenceSource {
 public:
  // Both outlive it.
  TdxSource(Kernel& kernel, CollateralSupply& supply) : kernel_(kernel), supply_(supply) {}

  Tee tee() const override { return Tee::kTdx; }
  bool is_simulation() const override { return false; }
  // Errors: those of tsm_report(); kUnavailable "tee.tdx.quote" (no TDX quote over what was asked).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // Errors: the supply's, and those above.
  Result<Collateral> collateral() override;

 private:
  Kernel& kernel_;
  CollateralSupply& supply_;
  std::optional<Evidence> last_;
};

}  // namespace blindai
