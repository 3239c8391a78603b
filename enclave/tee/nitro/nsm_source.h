// Evidence about a Nitro enclave, from the Nitro Security Module through /dev/nsm.
//
// Sources: Linux, include/uapi/linux/nsm.h and drivers/misc/nsm.c (since 6.8): one ioctl with a
// request and a response in CBOR, at most 4 KiB and 12 KiB, the latter cut off at the buffer's end;
// AWS nsm-api, src/api/mod.rs for both: {"Attestation":{"user_data":…,"nonce":…,"public_key":…}} is
// answered with {"Attestation":{"document":…}} or {"Error":"…"}.
#pragma once

#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"

namespace blindai {

class NsmSource final : public EvidenceSource {
 public:
  explicit NsmSource(Kernel& kernel) : kernel_(kernel) {}

  Tee tee() const override { return Tee::kNitro; }
  bool is_simulation() const override { return false; }
  // A document whose user_data is `report_data`. Errors: kNotFound "tee.nitro.absent"; kDenied
  // "tee.nitro.permission"; kUnavailable "tee.nitro.refused" (the module's own errors),
  // "tee.nitro.failed" (the driver's, or an answer that is none).
  Result<Evidence> evidence(const ByteArray<64>& report_data) override;
  // None: a document brings its certificates.
  Result<Collateral> collateral() override { return Collateral(); }

 private:
  Kernel& kernel_;
};

// The request for a document with this user_data, and the document in a response.   Pure.
Bytes nsm_request(const ByteArray<64>& user_data);
// Errors: kUnavailable "tee.nitro.refused", "tee.nitro.failed".
Result<Bytes> nsm_document(BytesView response);

}  // namespace blindai
