// The whole verifier of SEV-SNP evidence. An input is a time (8 bytes, little-endian), the hash of
// the root that is trusted for every product (32 bytes), then five parts, each a length (4 bytes)
// and bytes: report, claims, VEK, its chain, CRL. The seeds verify.
//
// Property: evidence comes out exactly when every check passed; a refusal has a failed check; the
// result is JSON; and whatever verifies does not without its CRL, under other roots, or with other
// claims.
#include <cstdlib>

#include "lib/attest/snp_report.h"
#include "lib/attest/verify.h"
#include "lib/base/byte_reader.h"
#include "lib/base/json.h"

namespace {

using namespace blindai;

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader r(BytesView(data, size));
  uint64_t now = 0;
  Sha256Digest root;
  Evidence evidence{Tee::kSnp, {}};
  Collateral collateral;
  Bytes claims;
  if (!r.u64le(now) || !r.array(root) || !part(r, evidence.quote) || !part(r, claims) ||
      !part(r, collateral.vek) || !part(r, collateral.vek_chain) || !part(r, collateral.vek_crl))
    return 0;
  const TrustRoots roots = {.amd_milan = {root}, .amd_genoa = {root}, .amd_turin = {root}};
  Policy policy;
  SnpPolicy& snp = policy.snp.emplace();
  const auto report = parse_snp_report(evidence.quote);
  if (report.has_value()) snp.measurement = {report->measurement};
  snp.min_tcb_milan = snp.min_tcb_genoa = snp.min_tcb_turin = SnpTcb{};
  snp.allow_vlek = true;
  policy.max_evidence_age_s = 3600;
  const Time at{static_cast<int64_t>(now)};
  const Verification v = verify(evidence, claims, collateral, policy, roots, at);
  bool all = true;
  for (const Check& c : v.checks()) all = all && c.state == CheckState::kPassed;
  require(v.ok() == all && (v.evidence() != nullptr) == all);
  require(all == (v.first_failure() == nullptr));
  require(JsonDocument::parse(to_json(v)).has_value());
  if (!all) {
    require(!v.problem().sentence.empty());
    return 0;
  }
  require(v.evidence()->snp() != nullptr && v.evidence()->valid_until() >= at);
  require(!verify(evidence, claims, collateral, policy, production_roots(), at).ok());
  claims.push_back(0);
  require(!verify(evidence, claims, collateral, policy, roots, at).ok());
  claims.pop_back();
  collateral.vek_crl.clear();
  require(!verify(evidence, claims, collateral, policy, roots, at).ok());
  return 0;
}
