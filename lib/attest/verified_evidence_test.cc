// verify() over evidence that is in order in every respect.
#include "lib/attest/verify_seed_test.h"

namespace blindai {
namespace {

VerifySeed load() {
  return load_seed("sgx_v3");
}

TEST(VerifiedEvidence, ComesOutWhenEveryCheckPassed) {
  const VerifySeed seed = load();
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
  VerifySeed seed = load();
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
  VerifySeed seed = load();
  seed.claims.push_back(0);
  EXPECT_EQ(seed.failures(), "claims.report-data");
  seed.claims.clear();
  EXPECT_EQ(seed.failures(), "claims.report-data");
  EXPECT_EQ(seed.verify().evidence(), nullptr);
}

TEST(VerifiedEvidence, NeedsItsOwnRoot) {
  VerifySeed seed = load();
  seed.roots = production_roots();
  EXPECT_EQ(seed.failures(), "sgx.pck.root");
  seed.roots = load().roots;
  seed.roots.intel_sgx.insert(seed.roots.intel_sgx.begin(), production_roots().intel_sgx.front());
  EXPECT_TRUE(seed.verify().ok());  // any one of the roots will do
}

TEST(VerifiedEvidence, BytesAfterTheQuoteChangeNothing) {
  VerifySeed seed = load();
  append(seed.evidence.quote, Bytes(70, 0x5a));
  const Verification v = seed.verify();
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(to_json(v), to_json(load().verify()));
}

TEST(VerifiedEvidence, CollateralOfAnotherKindIsRefusedInEachPlace) {
  const VerifySeed good = load();
  VerifySeed seed = good;
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

TEST(VerifiedEvidence, ComesOutOfEveryFormatOfQuote) {
  for (const std::string_view name : kVerifySeeds) {
    const VerifySeed seed = load_seed(name);
    const Verification v = seed.verify();
    ASSERT_TRUE(v.ok()) << name << ": " << seed.failures();
    EXPECT_EQ(v.evidence()->tee(), seed.evidence.tee);
    EXPECT_EQ(v.evidence()->tdx() != nullptr, seed.evidence.tee == Tee::kTdx);
    EXPECT_TRUE(equal(v.evidence()->measurement().first(32), sha256(as_bytes("programs"))));
    EXPECT_EQ(v.evidence()->valid_until(), load().verify().evidence()->valid_until());
  }
}

// Each page has its TEE's table of checks, and nothing else in it.
TEST(Verification, EveryCheckIsDocumentedInOrder) {
  for (const std::string_view name : {"sgx_v3", "tdx_v5"}) {
    const Verification v = load_seed(name).verify();
    const Bytes page = read_all(std::filesystem::path(BLINDAI_SOURCE_DIR) / "docs" /
                                (name == "sgx_v3" ? "attestation.md" : "attestation-tdx.md"));
    size_t at = 0;
    size_t number = 0;
    for (const Check& c : v.checks()) {
      const std::string row =
          "\n| " + std::to_string(++number) + " | `" + std::string(c.name()) + "` |";
      const size_t found = as_text(page).find(row, at);
      ASSERT_NE(found, std::string_view::npos) << row;
      at = found;
    }
    EXPECT_EQ(as_text(page).find("\n| " + std::to_string(number + 1) + " | `"),
              std::string_view::npos);
  }
}

}  // namespace
}  // namespace blindai
