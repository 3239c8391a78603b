// Parses an Intel DCAP quote: version 3 (SGX), 4 and 5 (SGX and TDX). Does NOT verify it: see
// verify.h. Byte tables: docs/formats/dcap-quote.md.
//
// Integers are little-endian, keys and signatures big-endian. Bytes after the stated length are
// usual (70 zeros from Linux's quote provider, padding to 8000 bytes on one cloud, other bytes in
// production): they are accepted, and given to nobody.
//
// Source   Intel SGX DCAP Quote Library API, appendix A (version 3); Intel TDX DCAP Quoting Library
// API, appendix A (versions 4 and 5).
#pragma once

#include <optional>
#include <variant>

#include "lib/base/bytes.h"

namespace blindai {

constexpr size_t kMaxDcapQuoteLen = 64 * 1024;
constexpr uint32_t kTeeTypeSgx = 0;
constexpr uint32_t kTeeTypeTdx = 0x81;

// What version 5 calls the body's type. Versions 3 and 4 do not state it; there it follows from the
// TEE type.
enum class DcapBody : uint16_t {
  kSgx = 1,           // 384 bytes
  kTd10 = 2,          // 584 bytes
  kTd15 = 3,          // 648 bytes
  kTd15Extended = 4,  // 885 bytes; not read, see parse_dcap_quote
};

// The first 48 bytes, and in version 5 the 6 after them.
struct DcapHeader {
  uint16_t version;
  uint16_t key_type;  // 2: ECDSA over P-256
  uint32_t tee_type;  // reserved in version 3, where it has to be kTeeTypeSgx
  uint16_t qe_svn;    // reserved in version 4
  uint16_t pce_svn;
  ByteArray<16> qe_vendor;
  uint16_t body_type;  // as DcapBody, if it is one of them; 0 for a TEE type of no known body
  uint32_t body_len;   // as stated, or implied by body_type
};

// REPORT body (Intel SDM volume 3D, table "Layout of REPORT"). 384 bytes.
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

// TD report of TDX 1.0 (584 bytes) and 1.5 (648 bytes).
struct TdReport {
  ByteArray<16> tee_tcb_svn;  // as the TD was launched: [0] module SVN, [1] module version
  ByteArray<48> mr_seam;
  ByteArray<48> mr_signer_seam;
  ByteArray<8> seam_attributes;
  ByteArray<8> td_attributes;  // bit 0 DEBUG, 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 63 PERFMON
  ByteArray<8> xfam;
  ByteArray<48> mr_td;
  ByteArray<48> mr_config_id;
  ByteArray<48> mr_owner;
  ByteArray<48> mr_owner_config;
  std::array<ByteArray<48>, 4> rtmr;
  ByteArray<64> report_data;
  std::optional<ByteArray<16>> tee_tcb_svn2;  // as it is now; absent in TDX 1.0
  ByteArray<48> mr_service_td;                // zeros in TDX 1.0

  // Bit `n` of the 64 of td_attributes.
  bool attribute(unsigned n) const { return (td_attributes[n / 8] >> (n % 8) & 1) != 0; }
  // ATTRIBUTES.DEBUG: the TD's memory can be read from outside.
  bool debug() const { return attribute(0); }
};

// Unverified. The views borrow from the bytes that were parsed.
struct DcapQuote {
  DcapHeader header;
  std::variant<SgxReport, TdReport> body;
  BytesView signed_part;  // header, version 5's body type and length, body
  ByteArray<64> signature;
  ByteArray<64> attestation_key;
  // Versions 4 and 5 wrap what follows in certification data of type 6. In version 3 there is no
  // such wrapping, and this is absent.
  std::optional<uint16_t> outer_certification_type;
  SgxReport qe_report;
  BytesView qe_report_raw;
  ByteArray<64> qe_report_signature;
  BytesView qe_auth;
  uint16_t certification_type;  // 5: PEM chain
  BytesView certification;

  const SgxReport* sgx() const { return std::get_if<SgxReport>(&body); }
  const TdReport* td() const { return std::get_if<TdReport>(&body); }
};

// Reads the header alone, of a quote of any version: what is needed to say why it is not accepted.
// Errors: kMalformed dcap.quote.layout, kTooLarge dcap.quote.too-large.
Result<DcapHeader> parse_dcap_header(BytesView wire);

// Whether the header announces a body that belongs to its TEE type: an SGX report, or a TD report
// of TDX 1.0 or 1.5.
bool has_known_body(const DcapHeader& header);

// Reads the whole layout. Key type, vendor and certification types are not judged here; another
// outer certification type's layout will not fit. Errors: kTooLarge dcap.quote.too-large,
// kMalformed
//   dcap.quote.version        not 3, 4 or 5
//   dcap.quote.tee-type       not SGX's or TDX's; TDX's in version 3
//   dcap.quote.td15-extended  version 5's body type 4, whose fields nothing here judges
//   dcap.quote.body           a body type or length that does not belong to the TEE type
//   dcap.quote.layout         anything else that does not fit
Result<DcapQuote> parse_dcap_quote(BytesView wire);

}  // namespace blindai
