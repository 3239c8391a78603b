// Evidence about an SEV-SNP guest: through configfs-tsm, and where the kernel has none through
// /dev/sev-guest. Both ask the same firmware.
#pragma once

#include "enclave/tee/supplied_source.h"

namespace blindai {

class SnpSource final : public SuppliedSource {
 public:
  // Both outlive it. `vmpl`: the level to report for, 0 to 3; absent: the kernel's own.
  SnpSource(Kernel& kernel, CollateralSupply& supply, std::optional<uint32_t> vmpl = std::nullopt)
      : SuppliedSource(kernel, supply), vmpl_(vmpl) {}

  Tee tee() const override { return Tee::kSnp; }
  // Errors: those of tsm_report() and sev_guest_report(); kUnavailable "tee.snp.report" (no report
  // over what was asked).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // Errors: those of sev_guest_key().
  Result<std::optional<SecretKey>> sealing_root() override;

 private:
  Result<Bytes> report(const ByteArray<64>& report_data);
  // The certificates that came with the last report. A table of them that cannot be read counts as
  // none.
  Collateral came_along() const override;

  const std::optional<uint32_t> vmpl_;
  Bytes table_;  // of certificates, that came with it
};

}  // namespace blindai
