// Evidence about an SEV-SNP guest: through configfs-tsm, and where the kernel has none through
// /dev/sev-guest. Both ask the same firmware.
#pragma once

#include <optional>

#include "enclave/tee/collateral_supply.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"

namespace blindai {

class SnpSource final : public EvidenceSource {
 public:
  // Both outlive it. `vmpl`: the level to report for, 0 to 3; absent: the kernel's own.
  SnpSource(Kernel& kernel, CollateralSupply& supply, std::optional<uint32_t> vmpl = std::nullopt)
      : kernel_(kernel), supply_(supply), vmpl_(vmpl) {}

  Tee tee() const override { return Tee::kSnp; }
  bool is_simulation() const override { return false; }
  // Errors: those of tsm_report() and sev_guest_report(); kUnavailable "tee.snp.report" (no report
  // over what was asked).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // The certificates that came with the last report, the rest from the supply. A table of them that
  // cannot be read counts as none. Errors: the supply's, and those above.
  Result<Collateral> collateral() override;
  // Errors: those of sev_guest_key().
  Result<std::optional<SecretKey>> sealing_root() override;

 private:
  Result<Bytes> report(const ByteArray<64>& report_data);
  Collateral certificates() const;

  Kernel& kernel_;
  CollateralSupply& supply_;
  const std::optional<uint32_t> vmpl_;
  std::optional<Evidence> last_;
  Bytes table_;  // of certificates, that came with it
};

}  // namespace blindai
