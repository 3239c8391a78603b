// The report that an Azure confidential VM's paravisor (HCL) leaves in its virtual TPM, NV index
// 01400001h: the hardware's report, and the JSON whose hash that report carries.
// docs/formats/azure-hcl-report.md has the byte tables. Source: Microsoft, OpenVMM (OpenHCL),
// openhcl_attestation_protocol, module igvm_attest::get; Azure confidential VM documentation,
// "Guest attestation for confidential virtual machines".
//
// Nothing here is verified: azure_vtpm.h does that.   Pure.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/attest/tpm_quote.h"

namespace blindai {

inline constexpr size_t kMaxHclReport = 16 * 1024;
inline constexpr size_t kHclHardwareReportLen = 1184;

// Of `report_type`.
inline constexpr uint32_t kHclReportSnp = 2;
inline constexpr uint32_t kHclReportTdx = 4;
// Of `hash_type`.
inline constexpr uint32_t kHclSha256 = 1;

// Views borrow from the input.
struct HclReport {
  ByteArray<4> magic;
  uint32_t version;
  uint32_t request_type;
  // ATTESTATION_REPORT when report_type is 2; when it is 4 a TDREPORT, 1024 bytes and zeros.
  BytesView hardware_report;
  uint32_t runtime_version;
  uint32_t report_type;
  uint32_t hash_type;
  BytesView runtime_data;  // JSON, the bytes that were hashed into report_data

  // The hardware report's report_data and measurement (MEASUREMENT, or MRTD). Nothing for other
  // report types.
  std::optional<ByteArray<64>> report_data() const;
  std::optional<ByteArray<48>> measurement() const;
};

// Magic, version, request type, report and hash type are not judged here. Zeros may follow what the
// header says, as the NV index is larger than its content; anything else after it is refused.
// Errors: kTooLarge "azure.hcl.too-large" (over 16 KiB); kMalformed "azure.hcl.layout".
Result<HclReport> parse_hcl_report(BytesView wire);

// What the runtime JSON says.
struct HclRuntime {
  RsaPublicKey attestation_key;  // "HCLAkPub", of the virtual TPM
  bool attestation_key_signs;    // its key_ops are exactly ["sign"]
  bool secure_boot;
  bool tpm_enabled;
  std::string vm_id;                       // vmUniqueId
  std::optional<ByteArray<64>> user_data;  // what the guest wrote to NV 01400002h; zeros if
                                           // nothing. Absent in reports before 2024
};

// Strict JSON of at most 8 KiB. Members that are not read are passed over. Errors: json.*;
// kMalformed "azure.runtime.layout" for a member that is absent or of another type, and for an
// attestation key that is absent, there twice, or no RSA key of 2048 to 4096 bits.
Result<HclRuntime> parse_hcl_runtime(std::string_view json);

}  // namespace blindai
