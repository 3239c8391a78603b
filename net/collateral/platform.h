// Which platform evidence comes from, as far as a vendor's service has to be told. Hints: read from
// evidence that nobody has verified, good only for asking. What is then answered is judged by
// verify(), against the evidence again.   Pure.
#pragma once

#include <optional>
#include <string>

#include "lib/attest/evidence.h"

namespace blindai {

inline constexpr Id kNoEvidence{
    "collateral.evidence",
    "This is no evidence of the TEE it is said to be of, so there is nothing to fetch for it; give "
    "the quote or report as the platform made it."};

// Of a PCK certificate.
struct IntelPlatform {
  ByteArray<6> fmspc;
  std::string pck_ca;  // whose CRL has the certificate: "processor" or "platform"
};

// The PCK chain is in the quote. Errors: kMalformed "collateral.evidence" for what is no DCAP quote
// with a chain; kInvalid "collateral.pck-ca" for another issuer.
Result<IntelPlatform> intel_platform(const Evidence& evidence);

// Of an attestation report.
struct AmdPlatform {
  std::string product;  // "Milan", "Genoa", "Turin"
  bool vlek;            // signed by a VLEK: no service gives that certificate, the host has it
  std::string hwid;     // of the chip, lower-case hexadecimal: 128 digits, on Turin 16
  // Security patch levels of reported_tcb.
  std::optional<uint8_t> fmc;  // Turin only
  uint8_t boot_loader;
  uint8_t tee;
  uint8_t snp;
  uint8_t microcode;
};

// A report of version 2 does not say its product: `product`, if not empty, stands in for it, or
// else what the certificate `vek` (DER) says that came with the report, if one did. Errors:
// kMalformed "collateral.evidence"; kInvalid "collateral.product" when no product is known, or the
// report says another than `product`; kInvalid "collateral.chip-id" for a report that hides its
// chip's identity and is not signed by a VLEK.
Result<AmdPlatform> amd_platform(const Evidence& evidence, std::string_view product,
                                 BytesView vek = {});

}  // namespace blindai
