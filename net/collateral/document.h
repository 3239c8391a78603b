// The documents that vendors publish about their platforms, as far as whoever keeps them has to
// look inside: is it such a document at all, and until when is it worth keeping. Hints: nothing
// here is verified, verify() (lib/attest) judges the bytes when they are used. docs/collateral.md.
// Pure.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace blindai {

// Of one document as it is kept; as many as fit the attestation message (lib/channel).
inline constexpr size_t kMaxCollateralDocument = 256 * 1024;

enum class DocumentForm : uint8_t {
  kTcbInfo,     // JSON {"tcbInfo":…,"signature":"…"}
  kQeIdentity,  // JSON {"enclaveIdentity":…,"signature":"…"}
  kIntelCrl,    // DER
  kAmdVek,      // DER, a VCEK certificate
  kAmdChain,    // PEM, two certificates: ASK or ASVK, ARK
  kAmdCrl,      // DER
};

// The bytes the vendor signed. Caching services give CRLs as hexadecimal text of the DER; all other
// answers are kept as they came. Never fails: what is no such text stays as it is.
Bytes signed_bytes(DocumentForm form, BytesView answer);

// When the document, or the first of its certificates, ceases to be in force: nextUpdate or
// notAfter. Errors: kMalformed "collateral.content" for what is not of that form.
Result<Time> expiry_of(DocumentForm form, BytesView document);

// tcbEvaluationDataNumber of kTcbInfo and kQeIdentity: the two that are used together must have the
// same. Errors: kMalformed "collateral.content".
Result<uint64_t> evaluation_number_of(DocumentForm form, BytesView document);

// The PEM chain in a field like TCB-Info-Issuer-Chain, which is URL-encoded (RFC 3986 section 2.1;
// "+" stands for itself). Errors: kMalformed "collateral.issuer-chain" for a wrong escape or what
// is not a chain of two certificates.
Result<Bytes> issuer_chain_of(std::string_view field);

}  // namespace blindai
