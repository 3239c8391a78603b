// Evidence about an SGX enclave from the library OS around it, Gramine.
//
// Source: Gramine's documentation, "Attestation and Secret Provisioning", section "Low-level
// /dev/attestation interface", and of its manifest syntax "Encrypted files" for the names of keys.
// Its files are the process's own, so no other program can come between writing and reading.
#pragma once

#include "enclave/tee/supplied_source.h"

namespace blindai {

class GramineSource final : public SuppliedSource {
 public:
  // Both outlive it.
  GramineSource(Kernel& kernel, CollateralSupply& supply) : SuppliedSource(kernel, supply) {}

  Tee tee() const override { return Tee::kSgx; }
  // Errors: kNotFound "tee.sgx.absent" (not in Gramine); kUnavailable "tee.sgx.type" (Gramine
  // without DCAP), "tee.sgx.failed" (no quote); kInternal "tee.sgx.stale" (a quote over other
  // data than was written).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // From "_sgx_mrenclave", the 16 bytes that EGETKEY derives for this MRENCLAVE on this processor
  // at its present security versions: after a microcode update that raises them it is another.
  // Errors: kNotFound "tee.sgx.absent"; kUnavailable "tee.sgx.key".
  Result<std::optional<SecretKey>> sealing_root() override;
};

}  // namespace blindai
