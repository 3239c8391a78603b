// The certificates that a host sends along with an SEV-SNP attestation report.
//
// Entries of 24 bytes: GUID (16 bytes in the order of its text form), offset u32 and length u32
// from the table's start, little-endian; then an entry of zeros; then the certificates. GUIDs that
// are not known here are passed over. docs/formats/snp-certificate-table.md.
//
// The host may write anything: nothing here is verified, and a certificate is only worth what
// verify() makes of it. Source: AMD 56421 (GHCB), section 4.1.8.1.   Pure.
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

inline constexpr size_t kMaxCertificateTable = 256 * 1024;
inline constexpr size_t kMaxCertificateEntries = 32;

// Unverified. Views into the table; empty for what the host left out.
struct CertificateTable {
  BytesView vcek;
  BytesView vlek;
  BytesView ask;  // ASVK, when there is a VLEK
  BytesView ark;
};

// Errors: kTooLarge "snp.certificates.too-large" (bytes or entries); kMalformed
// "snp.certificates.layout" (no entry of zeros, an entry that begins inside the entries or ends
// beyond the table), "snp.certificates.repeated" (one of the four twice).
Result<CertificateTable> parse_certificate_table(BytesView wire);

// ASK then ARK as one PEM text, as AMD's KDS gives them; empty when either is missing.
Bytes chain_of(const CertificateTable& table);

}  // namespace blindai
