// The whole judging of an Azure virtual TPM. An input is four parts, each a length (4 bytes,
// little-endian) and bytes: HCL report, quote, its signature, nonce; then PCR values, 32 bytes
// each. The seeds verify. The hash of the runtime data is written into the report, and the TEE's
// evidence taken to vouch for that, so that mutants get past the binding: only the TPM's signature
// then stands between them and acceptance.
//
// Property: a value comes out exactly when every check passed; a refusal has a failed check; what
// comes out is what was signed.
#include "lib/attest/azure_vtpm.h"

#include <cstdlib>

#include "lib/attest/verifier.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/rsa.h"

namespace {

using namespace blindai;  // NOLINT: a fuzzer's one file

void require(bool condition) {
  if (!condition) std::abort();
}

bool part(ByteReader& r, Bytes& out) {
  uint32_t length = 0;
  BytesView view;
  if (!r.u32le(length) || !r.bytes(view, length)) return false;
  out = to_bytes(view);
  return true;
}

// In place: `hcl` borrows from `wire`.
void bind(Bytes& wire, const HclReport& hcl) {
  const Sha256Digest digest = sha256(hcl.runtime_data);
  const size_t at = 0x20 + (hcl.report_type == kHclReportSnp ? 0x50 : 128);
  std::copy(digest.begin(), digest.end(), wire.begin() + static_cast<std::ptrdiff_t>(at));
  std::fill_n(wire.begin() + static_cast<std::ptrdiff_t>(at + digest.size()), 32, uint8_t{0});
}

VerifiedEvidence vouching_for(const HclReport& hcl) {
  constexpr CheckSpec kSpec[] = {{{"fuzz.taken-as-true"}, Code::kUntrusted}};
  VerifiedEvidence::Facts facts{.identity = {},
                                .tcb_status = TcbStatus::kUpToDate,
                                .advisories = {},
                                .tcb_evaluation_number = 0,
                                .debug = false,
                                .report_data = hcl.report_data().value_or(ByteArray<64>{}),
                                .verified_at = Time{0},
                                .valid_until = Time{1},
                                .fresh_until = Time{1}};
  const ByteArray<48> measured = hcl.measurement().value_or(ByteArray<48>{});
  if (hcl.report_type == kHclReportSnp) {
    SnpIdentity snp{};
    snp.measurement = measured;
    facts.identity = snp;
  } else {
    TdxIdentity tdx{};
    tdx.mr_td = measured;
    facts.identity = tdx;
  }
  Verifier verifier(kSpec, Time{0});
  verifier.mark(0, true, "", "");
  const Verification out = std::move(verifier).finish(std::move(facts));
  return *out.evidence();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader r(BytesView(data, size));
  AzureVtpmEvidence vtpm;
  Bytes nonce;
  if (!part(r, vtpm.hcl_report) || !part(r, vtpm.quote.message) || !part(r, vtpm.quote.signature) ||
      !part(r, nonce))
    return 0;
  ByteArray<32> pcr;
  while (vtpm.quote.pcrs.size() < kNumPcrs && r.array(pcr)) vtpm.quote.pcrs.push_back(pcr);
  AzurePolicy policy;
  const auto quote = parse_tpm_quote(vtpm.quote.message);
  if (quote.has_value() && !quote->selections.empty())
    policy.tpm.pcr_selection = quote->selections[0].pcrs;
  for (auto& accepted : policy.tpm.pcrs) accepted.any = true;
  const auto hcl = parse_hcl_report(vtpm.hcl_report);
  if (hcl.has_value()) bind(vtpm.hcl_report, *hcl);
  const auto v =
      verify_azure_vtpm(vouching_for(hcl.value_or(HclReport{})), vtpm, {nonce, {}}, policy);
  bool all = true;
  for (const Check& c : v.checks()) all = all && c.state == CheckState::kPassed;
  require(v.ok() == all && (v.value() != nullptr) == all);
  require(all == (v.first_failure() == nullptr));
  if (!all) {
    require(!v.problem().sentence.empty());
    return 0;
  }
  require(hcl.has_value() && quote.has_value() && equal(quote->extra_data, nonce));
  const RsaPublicKey& key = v.value()->attestation_key();
  const BytesView signature(vtpm.quote.signature);
  require(verify_rsa_pkcs1_sha256(key.n, key.e, vtpm.quote.message, signature.last(key.n.size())));
  const std::string_view json = as_text(hcl->runtime_data);
  require(json.find('\\') != std::string_view::npos ||
          json.find(v.value()->vm_id()) != std::string_view::npos);
  size_t next = 0;
  for (size_t i = 0; i < kNumPcrs; ++i)
    if (v.value()->quote().pcr(i).has_value())
      require(*v.value()->quote().pcr(i) == vtpm.quote.pcrs[next++]);
  require(next == vtpm.quote.pcrs.size());
  return 0;
}
