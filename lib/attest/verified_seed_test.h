// For tests: evidence that is in order in every respect, a simulated platform's, kept as the seed
// of fuzz/verify.cc (which describes its layout). Under its own root it verifies; nothing here
// tells the verifier that it is simulated.
#pragma once

#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/verify_twice_test.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {

struct Seed {
  Evidence evidence{Tee::kSgx, {}};
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

inline Seed load_seed() {
  Seed out;
  const Bytes wire = read_all(BLINDAI_SOURCE_DIR "/fuzz/corpus/verify/sgx_v3");
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
  out.policy.sgx.emplace().mr_enclave = {sha256(as_bytes("programs"))};
  out.policy.tcb_statuses = {TcbStatus::kUpToDate};
  out.policy.max_evidence_age_s = 3600;
  return out;
}

}  // namespace blindai
