#include "lib/attest/sgx_quote.h"

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// Reserved fields are skipped, not required to be zero: the platform signs them, and newer ones use
// them (CONFIGID, ISVFAMILYID).
bool read_report(ByteReader& r, SgxReport& out) {
  return r.array(out.cpu_svn) && r.array(out.misc_select) && r.skip(28) &&
         r.array(out.attributes) && r.array(out.mr_enclave) && r.skip(32) &&
         r.array(out.mr_signer) && r.skip(96) && r.u16le(out.isv_prod_id) && r.u16le(out.isv_svn) &&
         r.skip(60) && r.array(out.report_data);
}

bool read_auth(ByteReader& r, SgxQuote& out) {
  if (!r.array(out.signature) || !r.array(out.attestation_key)) return false;
  const size_t from = r.at();
  if (!read_report(r, out.qe_report)) return false;
  out.qe_report_raw = r.since(from);
  uint16_t qe_auth_len = 0;
  uint32_t certification_len = 0;
  return r.array(out.qe_report_signature) && r.u16le(qe_auth_len) &&
         r.bytes(out.qe_auth, qe_auth_len) && r.u16le(out.certification_type) &&
         r.u32le(certification_len) && r.bytes(out.certification, certification_len) && r.done();
}

}  // namespace

Result<SgxQuote> parse_sgx_quote(BytesView wire) {
  if (wire.size() > kMaxSgxQuoteLen) return fail(Code::kTooLarge, "sgx.quote.too-large");
  ByteReader r(wire);
  SgxQuote out{};
  BytesView auth;
  uint32_t auth_len = 0;
  const bool head = r.u16le(out.version) && r.u16le(out.key_type) && r.u32le(out.tee_type) &&
                    r.u16le(out.qe_svn) && r.u16le(out.pce_svn) && r.array(out.qe_vendor) &&
                    r.skip(20) && read_report(r, out.report);
  if (!head) return fail(Code::kMalformed, "sgx.quote.layout", r.at());
  out.signed_part = r.since(0);
  if (!r.u32le(auth_len) || !r.bytes(auth, auth_len))
    return fail(Code::kMalformed, "sgx.quote.layout", r.at());
  ByteReader inner(auth);  // its own end is strict; what follows it in `wire` is not looked at
  if (!read_auth(inner, out))
    return fail(Code::kMalformed, "sgx.quote.layout", r.at() - auth.size() + inner.at());
  return out;
}

}  // namespace blindai
