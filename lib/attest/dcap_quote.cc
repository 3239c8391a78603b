#include "lib/attest/dcap_quote.h"

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint32_t kSgxReportLen = 384;
constexpr uint32_t kTd10ReportLen = 584;
constexpr uint32_t kTd15ReportLen = 648;

bool read_header(ByteReader& r, DcapHeader& out) {
  if (!r.u16le(out.version) || !r.u16le(out.key_type) || !r.u32le(out.tee_type) ||
      !r.u16le(out.qe_svn) || !r.u16le(out.pce_svn) || !r.array(out.qe_vendor) || !r.skip(20))
    return false;
  if (out.version == 5) return r.u16le(out.body_type) && r.u32le(out.body_len);
  if (out.tee_type == kTeeTypeSgx) {
    out.body_type = static_cast<uint16_t>(DcapBody::kSgx);
    out.body_len = kSgxReportLen;
  } else if (out.tee_type == kTeeTypeTdx) {
    out.body_type = static_cast<uint16_t>(DcapBody::kTd10);
    out.body_len = kTd10ReportLen;
  }
  return true;
}

// Reserved fields are skipped, not required to be zero: the platform signs them, and newer ones use
// them (CONFIGID, ISVFAMILYID).
bool read_report(ByteReader& r, SgxReport& out) {
  return r.array(out.cpu_svn) && r.array(out.misc_select) && r.skip(28) &&
         r.array(out.attributes) && r.array(out.mr_enclave) && r.skip(32) &&
         r.array(out.mr_signer) && r.skip(96) && r.u16le(out.isv_prod_id) && r.u16le(out.isv_svn) &&
         r.skip(60) && r.array(out.report_data);
}

bool read_report(ByteReader& r, TdReport& out, bool td15) {
  const bool td10 = r.array(out.tee_tcb_svn) && r.array(out.mr_seam) &&
                    r.array(out.mr_signer_seam) && r.array(out.seam_attributes) &&
                    r.array(out.td_attributes) && r.array(out.xfam) && r.array(out.mr_td) &&
                    r.array(out.mr_config_id) && r.array(out.mr_owner) &&
                    r.array(out.mr_owner_config) && r.array(out.rtmr[0]) && r.array(out.rtmr[1]) &&
                    r.array(out.rtmr[2]) && r.array(out.rtmr[3]) && r.array(out.report_data);
  return td10 && (!td15 || (r.array(out.tee_tcb_svn2.emplace()) && r.array(out.mr_service_td)));
}

// The part that version 3 has at the end of its authentication data, and versions 4 and 5 inside
// certification data of type 6.
bool read_certified_qe(ByteReader& r, DcapQuote& out) {
  const size_t from = r.at();
  if (!read_report(r, out.qe_report)) return false;
  out.qe_report_raw = r.since(from);
  uint16_t qe_auth_len = 0;
  uint32_t certification_len = 0;
  return r.array(out.qe_report_signature) && r.u16le(qe_auth_len) &&
         r.bytes(out.qe_auth, qe_auth_len) && r.u16le(out.certification_type) &&
         r.u32le(certification_len) && r.bytes(out.certification, certification_len) && r.done();
}

bool read_auth(ByteReader& r, DcapQuote& out) {
  if (!r.array(out.signature) || !r.array(out.attestation_key)) return false;
  if (out.header.version == 3) return read_certified_qe(r, out);
  uint32_t outer_len = 0;
  BytesView outer;
  if (!r.u16le(out.outer_certification_type.emplace()) || !r.u32le(outer_len) ||
      !r.bytes(outer, outer_len) || !r.done())
    return false;
  ByteReader inner(outer);
  return read_certified_qe(inner, out);
}

// Whether the header announces a body that can be read.
Status judge_header(const DcapHeader& h) {
  if (h.version < 3 || h.version > 5) return fail(Code::kMalformed, "dcap.quote.version");
  if (h.tee_type != kTeeTypeSgx && (h.tee_type != kTeeTypeTdx || h.version == 3))
    return fail(Code::kMalformed, "dcap.quote.tee-type", 4);
  if (h.body_type == static_cast<uint16_t>(DcapBody::kTd15Extended))
    return fail(Code::kMalformed, "dcap.quote.td15-extended", 48);
  if (!has_known_body(h)) return fail(Code::kMalformed, "dcap.quote.body", 48);
  return {};
}

}  // namespace

bool has_known_body(const DcapHeader& header) {
  const auto is = [&header](DcapBody type, uint32_t len) {
    return header.body_type == static_cast<uint16_t>(type) && header.body_len == len;
  };
  return header.tee_type == kTeeTypeSgx
             ? is(DcapBody::kSgx, kSgxReportLen)
             : header.tee_type == kTeeTypeTdx &&
                   (is(DcapBody::kTd10, kTd10ReportLen) || is(DcapBody::kTd15, kTd15ReportLen));
}

Result<DcapHeader> parse_dcap_header(BytesView wire) {
  if (wire.size() > kMaxDcapQuoteLen) return fail(Code::kTooLarge, "dcap.quote.too-large");
  ByteReader r(wire);
  DcapHeader out{};
  if (!read_header(r, out)) return fail(Code::kMalformed, "dcap.quote.layout", r.at());
  return out;
}

Result<DcapQuote> parse_dcap_quote(BytesView wire) {
  if (wire.size() > kMaxDcapQuoteLen) return fail(Code::kTooLarge, "dcap.quote.too-large");
  ByteReader r(wire);
  DcapQuote out{};
  if (!read_header(r, out.header)) return fail(Code::kMalformed, "dcap.quote.layout", r.at());
  RETURN_IF_ERROR(judge_header(out.header));
  const bool body =
      out.header.tee_type == kTeeTypeSgx
          ? read_report(r, std::get<SgxReport>(out.body))
          : read_report(r, out.body.emplace<TdReport>(), out.header.body_len == kTd15ReportLen);
  if (!body) return fail(Code::kMalformed, "dcap.quote.layout", r.at());
  out.signed_part = r.since(0);
  BytesView auth;
  uint32_t auth_len = 0;
  if (!r.u32le(auth_len) || !r.bytes(auth, auth_len))
    return fail(Code::kMalformed, "dcap.quote.layout", r.at());
  ByteReader inner(auth);  // its own end is strict; what follows it in `wire` is not looked at
  if (!read_auth(inner, out))
    return fail(Code::kMalformed, "dcap.quote.layout", r.at() - auth.size() + inner.at());
  return out;
}

}  // namespace blindai
