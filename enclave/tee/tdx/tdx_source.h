// Evidence about a TDX guest, through configfs-tsm (enclave/tee/kernel/tsm_report.h).
#pragma once

#include "enclave/tee/supplied_source.h"

namespace blindai {

class TdxSource final : public SuppliedSource {
 public:
  // Both outlive it.
  TdxSource(Kernel& kernel, CollateralSupply& supply) : SuppliedSource(kernel, supply) {}

  Tee tee() const override { return Tee::kTdx; }
  // Errors: those of tsm_report(); kUnavailable "tee.tdx.quote" (no TDX quote over what was asked).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
};

}  // namespace blindai
