// Evidence about an SGX enclave from the library OS around it, Gramine.
//
// Source: Gramine's documentation, "Attestation and Secret Provisioning", section "Low-level
// /dev/attestation interface", and of its manifest syntax "Encrypted files" for the names of keys.
// Its files are the process's own, so no other program can come between writing and reading.
#pragma once

#include <optional>

#include "enclave/tee/collateral_supply.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"

namespace blindai {

class GramineSource final : public EvidenceSource {
 public:
  // Both outlive it.
  GramineSource(Kernel& kernel, CollateralSupply& supply) : kernel_(kernel), supply_(supply) {}

  Tee tee() const override { return Tee::kSgx; }
  bool is_simulation() const override { return false; }
  // Errors: kNotFound "tee.sgx.absent" (not in Gramine); kUnavailable "tee.sgx.type" (Gramine
  // without DCAP), "tee.sgx.failed" (no quote); kInternal "tee.sgx.stale" (a quote over other
  // data than was written).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // Errors: the supply's, and those above.
  Result<Collateral> collateral() override;
  // From "_sgx_mrenclave", the 16 bytes that EGETKEY derives for this MRENCLAVE on this processor
  // at its present security versions: after a microcode update that raises them it is another.
  // Errors: kNotFound "tee.sgx.absent"; kUnavailable "tee.sgx.key".
  Result<std::optional<SecretKey>> sealing_root() override;

 private:
  Kernel& kernel_;
  CollateralSupply& supply_;
  std::optional<Evidence> last_;
};

}  // namespace blindai
