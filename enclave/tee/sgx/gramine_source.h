// Evidence about an SGX enclave from the library OS around it, Gramine.
//
// Source: Gramine's documentation, "Attestation and Secret Provisioning", section "Low-level
// /dev/attestation interface". Its files are the process's own, so no other program can come
// between writing and reading.
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
};

}  // namespace blindai
