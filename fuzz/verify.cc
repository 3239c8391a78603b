// The whole verifier. An input is a time (8 bytes, little-endian), then eight parts, each a length
// (4 bytes) and bytes: quote, claims, TCB info and its chain, QE identity and its chain, PCK CRL,
// root CRL. The seeds, an SGX and a TDX quote of each kind, verify. Roots: the hash that stands at
// a seed's end, so that mutants get past the pinning. The TEE is the one that the quote names, so
// that mutants get past that too.
//
// Property: evidence comes out exactly when every check passed; a refusal has a failed check; the
// result is JSON.
#include "lib/attest/verify.h"

#include <cstdlib>

#include "lib/attest/dcap_quote.h"
#include "lib/base/byte_reader.h"
#include "lib/base/json.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool part(blindai::ByteReader& r, blindai::Bytes& out) {
  uint32_t length = 0;
  blindai::BytesView view;
  if (!r.u32le(length) || !r.bytes(view, length)) return false;
  out = blindai::to_bytes(view);
  return true;
}

// The quote's own program.
void accept(const blindai::DcapQuote& quote, blindai::Policy& policy) {
  if (quote.sgx() != nullptr) {
    policy.sgx.emplace().mr_enclave = {quote.sgx()->mr_enclave};
    return;
  }
  policy.tdx.emplace().mr_td = {quote.td()->mr_td};
  for (auto& rtmr : policy.tdx->rtmr) rtmr.any = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  blindai::ByteReader r(blindai::BytesView(data, size));
  uint64_t now = 0;
  blindai::Evidence evidence{blindai::Tee::kSgx, {}};
  blindai::Collateral collateral;
  blindai::Bytes claims;
  blindai::TrustRoots roots;
  if (!r.u64le(now) || !part(r, evidence.quote) || !part(r, claims) ||
      !part(r, collateral.tcb_info) || !part(r, collateral.tcb_info_chain) ||
      !part(r, collateral.qe_identity) || !part(r, collateral.qe_identity_chain) ||
      !part(r, collateral.pck_crl) || !part(r, collateral.root_ca_crl) ||
      !r.array(roots.intel_sgx.emplace_back()))
    return 0;
  blindai::Policy policy;
  policy.tcb_statuses = {blindai::TcbStatus::kUpToDate};
  policy.max_evidence_age_s = 3600;
  const auto header = blindai::parse_dcap_header(evidence.quote);
  if (header.has_value() && header->tee_type == blindai::kTeeTypeTdx)
    evidence.tee = blindai::Tee::kTdx;
  const auto quote = blindai::parse_dcap_quote(evidence.quote);
  if (quote.has_value()) accept(*quote, policy);
  const blindai::Verification v = blindai::verify(evidence, claims, collateral, policy, roots,
                                                  blindai::Time{static_cast<int64_t>(now)});
  bool all = true;
  for (const blindai::Check& c : v.checks()) all = all && c.state == blindai::CheckState::kPassed;
  if (all) require(v.evidence()->tee() == evidence.tee);
  require(v.ok() == all && (v.evidence() != nullptr) == all);
  require(all == (v.first_failure() == nullptr));
  if (!all) require(!v.problem().sentence.empty());
  require(blindai::JsonDocument::parse(blindai::to_json(v)).has_value());
  return 0;
}
