// What a TEE says of itself, before anybody has checked it.
#pragma once

#include <string>

#include "lib/base/bytes.h"

namespace blindai {

enum class Tee : uint8_t { kSgx, kTdx, kSnp, kNitro };
std::string_view name_of(Tee tee);  // "sgx", "tdx", "snp", "nitro"

// Unverified. `quote` is the platform's own format (for kSgx an Intel DCAP quote v3).
struct Evidence {
  Tee tee;
  Bytes quote;
};

// Unverified. What the vendor publishes about its platforms, as the bytes it signed: never parsed
// and written again on the way. For kSgx and kTdx: Intel PCS API v4.
struct Collateral {
  Bytes tcb_info;           // JSON {"tcbInfo":…,"signature":"…"}
  Bytes tcb_info_chain;     // PEM, "Intel SGX TCB Signing" then root
  Bytes qe_identity;        // JSON {"enclaveIdentity":…,"signature":"…"}
  Bytes qe_identity_chain;  // PEM
  Bytes pck_crl;            // DER, issued by the PCK certificate's issuer
  Bytes pck_crl_chain;      // PEM, that issuer then root
  Bytes root_ca_crl;        // DER
};

}  // namespace blindai
