// verify() over evidence that is in order in every respect: a simulated platform's, kept as the
// seed of fuzz/verify.cc (which describes its layout). Under its own root it verifies; nothing here
// tells the verifier that it is simulated.
#include <gtest/gtest.h>

#include "lib/attest/dcap_quote.h"
#include "lib/attest/dcap_vectors_test.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

struct Seed {
  Evidence evidence{Tee::kSgx, {}};
  Bytes claims;
  Collateral collateral;
  Policy policy;
  TrustRoots roots;
  Time now;

  Verification verify() const {
    return blindai::verify(evidence, claims, collateral, policy, roots, now);
  }
  std::string failures() const { return checks_in(verify(), CheckState::kFailed); }
};

Seed load() {
  Seed out;
  const Bytes wire = read_all(BLINDAI_SOURCE_DIR "/fuzz/corpus/verify/simulated");
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

TEST(VerifiedEvidence, ComesOutWhenEveryCheckPassed) {
  const Seed seed = load();
  const Verification v = seed.verify();
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_EQ(v.first_failure(), nullptr);
  EXPECT_EQ(checks_in(v, CheckState::kNotReached), "");
  for (const Check& c : v.checks()) {
    EXPECT_FALSE(c.expected.empty()) << c.name();
    EXPECT_FALSE(c.found.empty()) << c.name();
  }
  ASSERT_NE(v.evidence(), nullptr);
  const VerifiedEvidence& e = *v.evidence();
  EXPECT_EQ(e.tee(), Tee::kSgx);
  EXPECT_EQ(to_bytes(e.measurement()), to_bytes(sha256(as_bytes("programs"))));
  EXPECT_EQ(e.tcb_status(), TcbStatus::kUpToDate);
  EXPECT_TRUE(e.advisories().empty());
  EXPECT_FALSE(e.debug());
  const Sha256Digest claims = sha256(seed.claims);
  EXPECT_TRUE(equal(BytesView(e.report_data()).first(32), claims));
  EXPECT_EQ(e.verified_at(), seed.now);
  EXPECT_EQ(e.fresh_until(), seed.now + 3600);
}

TEST(VerifiedEvidence, IsValidToTheLastSecondOfWhatItRestsOn) {
  Seed seed = load();
  const Time last = seed.verify().evidence()->valid_until();
  seed.now = last;
  seed.policy.max_evidence_age_s = 86400;
  const Verification v = seed.verify();
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(v.evidence()->valid_until(), last);
  EXPECT_EQ(v.evidence()->fresh_until(), last);  // not later, whatever the policy's age
  seed.now = last + 1;
  EXPECT_FALSE(seed.verify().ok());
  EXPECT_EQ(seed.verify().problem().code, Code::kStale);
}

TEST(VerifiedEvidence, NeedsTheseVeryClaims) {
  Seed seed = load();
  seed.claims.push_back(0);
  EXPECT_EQ(seed.failures(), "claims.report-data");
  seed.claims.clear();
  EXPECT_EQ(seed.failures(), "claims.report-data");
  EXPECT_EQ(seed.verify().evidence(), nullptr);
}

TEST(VerifiedEvidence, NeedsItsOwnRoot) {
  Seed seed = load();
  seed.roots = production_roots();
  EXPECT_EQ(seed.failures(), "sgx.pck.root");
  seed.roots = load().roots;
  seed.roots.intel_sgx.insert(seed.roots.intel_sgx.begin(), production_roots().intel_sgx.front());
  EXPECT_TRUE(seed.verify().ok());  // any one of the roots will do
}

TEST(VerifiedEvidence, RefusesAFlippedBitInEveryByteOfTheQuote) {
  Seed seed = load();
  size_t tried = 0;
  for (uint8_t& byte : seed.evidence.quote) {
    const auto flipped = static_cast<uint8_t>(1u << (tried++ % 8));
    byte ^= flipped;
    ASSERT_FALSE(seed.verify().ok()) << "byte " << tried - 1;
    byte ^= flipped;
  }
  ASSERT_TRUE(seed.verify().ok());
  std::printf("%zu mutants of a positive quote, all refused\n", tried);
}

TEST(VerifiedEvidence, BytesAfterTheQuoteChangeNothing) {
  Seed seed = load();
  append(seed.evidence.quote, Bytes(70, 0x5a));
  const Verification v = seed.verify();
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(to_json(v), to_json(load().verify()));
}

TEST(VerifiedEvidence, CollateralOfAnotherKindIsRefusedInEachPlace) {
  const Seed good = load();
  Seed seed = good;
  std::swap(seed.collateral.tcb_info, seed.collateral.qe_identity);
  EXPECT_EQ(seed.failures(), "sgx.tcb-info.envelope sgx.qe-identity.envelope");
  seed = good;
  std::swap(seed.collateral.pck_crl, seed.collateral.root_ca_crl);
  EXPECT_EQ(seed.failures(), "sgx.root-crl.issuer sgx.pck-crl.issuer");
  seed = good;
  seed.collateral.tcb_info_chain = to_bytes(parse_dcap_quote(seed.evidence.quote)->certification);
  EXPECT_EQ(seed.failures(), "sgx.tcb-info.chain");
  seed = good;
  seed.collateral = {};
  EXPECT_EQ(seed.failures(),
            "sgx.root-crl.layout sgx.pck-crl.layout sgx.tcb-info.chain sgx.qe-identity.chain");
}

TEST(VerifiedEvidence, JsonHasWhatWasVerified) {
  const std::string json = to_json(load().verify());
  const auto doc = JsonDocument::parse(json);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root()["ok"].boolean().value(), true);
  const JsonValue e = doc->root()["evidence"];
  EXPECT_EQ(e["tee"].string().value(), "sgx");
  EXPECT_EQ(e["measurement"].string().value(), to_hex(sha256(as_bytes("programs"))));
  EXPECT_EQ(e["tcb_status"].string().value(), "UpToDate");
  EXPECT_EQ(e["debug"].boolean().value(), false);
  EXPECT_EQ(e["advisories"].size(), 0u);
}

TEST(Verification, EveryCheckIsDocumentedInOrder) {
  const Bytes page = read_all(BLINDAI_SOURCE_DIR "/docs/attestation.md");
  size_t at = 0;
  const Verification v = load().verify();
  for (const Check& c : v.checks()) {
    const size_t found = as_text(page).find("| `" + std::string(c.name()) + "` |", at);
    ASSERT_NE(found, std::string_view::npos) << c.name();
    at = found;
  }
}

}  // namespace
}  // namespace blindai
