// Parses an Intel SGX DCAP quote, version 3. Does NOT verify it: see verify.h.
//
//   offset  bytes
//        0     48  header: version u16, attestation key type u16, reserved u32, qe_svn u16, pce_svn
//        u16,
//                  qe_vendor 16, user_data 20
//       48    384  report of the enclave
//      432      4  length of what follows
//      436     64  signature over bytes 0..431, r then s, big-endian
//      500     64  attestation key, x then y, big-endian
//      564    384  report of the quoting enclave
//      948     64  signature over that report by the PCK key
//     1012      2  length of the QE authentication data, then that data
//                  u16 certification data type, u32 length, data
// Integers are little-endian unless said.
//
// Bytes after the stated length are usual (70 zeros from Linux's quote provider, padding to 8000
// bytes on one cloud, other bytes in production): they are accepted, and given to nobody. Source
// Intel SGX DCAP "Quote Library API", appendix A.3 and A.4.
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

constexpr size_t kSgxReportLen = 384;
constexpr size_t kMaxSgxQuoteLen = 64 * 1024;

// REPORT body (Intel SDM volume 3D, table "Layout of REPORT").
struct SgxReport {
  ByteArray<16> cpu_svn;
  ByteArray<4> misc_select;
  ByteArray<16> attributes;  // flags then xfrm, 8 bytes each
  ByteArray<32> mr_enclave;
  ByteArray<32> mr_signer;
  uint16_t isv_prod_id;
  uint16_t isv_svn;
  ByteArray<64> report_data;

  // ATTRIBUTES.DEBUG: the enclave's memory can be read from outside.
  bool debug() const { return (attributes[0] & 0x02) != 0; }
};

// Unverified. The views borrow from the bytes that were parsed.
struct SgxQuote {
  uint16_t version;
  uint16_t key_type;  // 2: ECDSA over P-256
  uint32_t tee_type;  // reserved in version 3; 0 for SGX
  uint16_t qe_svn;
  uint16_t pce_svn;
  ByteArray<16> qe_vendor;
  SgxReport report;
  BytesView signed_part;  // header and report
  ByteArray<64> signature;
  ByteArray<64> attestation_key;
  SgxReport qe_report;
  BytesView qe_report_raw;
  ByteArray<64> qe_report_signature;
  BytesView qe_auth;
  uint16_t certification_type;  // 5: PEM chain
  BytesView certification;
};

// Reads the layout. The version is not judged here, but another one's layout will not fit.
// Errors: kMalformed sgx.quote.layout, kTooLarge sgx.quote.too-large.
Result<SgxQuote> parse_sgx_quote(BytesView wire);

}  // namespace blindai
