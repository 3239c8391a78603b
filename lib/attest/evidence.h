// What a TEE says of itself, before anybody has checked it.
#pragma once

#include <span>
#include <string_view>

#include "lib/base/bytes.h"

namespace blindai {

enum class Tee : uint8_t { kSgx, kTdx, kSnp, kNitro };
std::string_view name_of(Tee tee);  // "sgx", "tdx", "snp", "nitro"

// Unverified. `quote` is the platform's own format, untouched:
//   kSgx    Intel DCAP quote, version 3, or 4 and 5 with an SGX body
//   kTdx    Intel DCAP quote, version 4 or 5 with a TD body
//   kSnp    ATTESTATION_REPORT, 1184 bytes (AMD 56860, section 7.3)
//   kNitro  COSE_Sign1 of an attestation document (AWS nsm-api, attestation_process.md)
struct Evidence {
  Tee tee;
  Bytes quote;
};

// Unverified. What the vendor publishes about its platforms, as the bytes it signed: never parsed
// and written again on the way. Of kNitro there is none: a document carries its own chain.
struct Collateral {
  // kSgx, kTdx: Intel PCS API v4.
  Bytes tcb_info = {};           // JSON {"tcbInfo":…,"signature":"…"}
  Bytes tcb_info_chain = {};     // PEM, "Intel SGX TCB Signing" then root
  Bytes qe_identity = {};        // JSON {"enclaveIdentity":…,"signature":"…"}; TD_QE's for kTdx
  Bytes qe_identity_chain = {};  // PEM
  Bytes pck_crl = {};            // DER, issued by the PCK certificate's issuer
  Bytes pck_crl_chain = {};      // PEM, that issuer then root
  Bytes root_ca_crl = {};        // DER
  // kSnp: AMD 57230 (VCEK, KDS) and 58369 (VLEK).
  Bytes vek = {};        // DER, the VCEK or VLEK certificate
  Bytes vek_chain = {};  // PEM, ASK or ASVK then ARK
  Bytes vek_crl = {};    // DER, the product's CRL, issued by the ARK
};

// The fields that evidence of one TEE needs, by the names they have on the wire and on disk.
struct CollateralPart {
  std::string_view name;  // "tcb_info", …
  Bytes Collateral::* member;
};
std::span<const CollateralPart> collateral_parts(Tee tee);

}  // namespace blindai
