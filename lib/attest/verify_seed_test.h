// For tests: evidence that is in order in every respect, a simulated platform's, kept as the seeds
// of fuzz/verify.cc (which describes their layout). Under its own root it verifies; nothing in it
// tells the verifier that it is simulated.
#pragma once

#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/verify_twice_test.h"
#include "lib/crypto/crypto.h"

namespace blindai {

inline constexpr std::string_view kVerifySeeds[] = {"sgx_v3", "sgx_v5", "tdx_v4", "tdx_v5"};

struct VerifySeed {
  Evidence evidence;
  Bytes claims;
  Collateral collateral;
  Policy policy;
  TrustRoots roots;
  Time now;

  Verification verify() const {
    return verify_twice(evidence, claims, collateral, policy, roots, now);
  }
  std::string failures() const { return checks_in(verify(), CheckState::kFailed); }
};

inline VerifySeed load_seed(std::string_view name) {
  VerifySeed out;
  out.evidence.tee = name.starts_with("tdx") ? Tee::kTdx : Tee::kSgx;
  const Bytes wire =
      read_all(std::filesystem::path(BLINDAI_SOURCE_DIR "/fuzz/corpus/verify") / name);
  ByteReader r(wire);
  uint64_t now = 0;
  EXPECT_TRUE(r.u64le(now));
  out.now = Time{static_cast<int64_t>(now)};
  for (Bytes* part :
       {&out.evidence.quote, &out.claims, &out.collateral.tcb_info, &out.collateral.tcb_info_chain,
        &out.collateral.qe_identity, &out.collateral.qe_identity_chain, &out.collateral.pck_crl,
        &out.collateral.root_ca_crl}) {
    uint32_t length = 0;
    BytesView view;
    EXPECT_TRUE(r.u32le(length) && r.bytes(view, length));
    *part = to_bytes(view);
  }
  EXPECT_TRUE(r.array(out.roots.intel_sgx.emplace_back()) && r.done());
  out.policy.tcb_statuses = {TcbStatus::kUpToDate};
  out.policy.max_evidence_age_s = 3600;
  const Sha256Digest programs = sha256(as_bytes("programs"));
  if (out.evidence.tee == Tee::kSgx) {
    out.policy.sgx.emplace().mr_enclave = {programs};
    return out;
  }
  TdxPolicy& tdx = out.policy.tdx.emplace();
  std::copy(programs.begin(), programs.end(), tdx.mr_td.emplace_back().begin());
  for (auto& rtmr : tdx.rtmr) rtmr.any = true;
  return out;
}

}  // namespace blindai
