// verify() over the shared SGX vectors. With everything in order but the claims, which no real
// quote is for, kGenuine is the one check that fails.
#include "lib/attest/verify.h"

#include <gtest/gtest.h>

#include "lib/attest/dcap_quote.h"
#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

class SgxVectors : public DcapVectors {
 protected:
  SgxVectors() : DcapVectors(Tee::kSgx) {}

  DcapCase genuine() const { return load("sgx-v3-processorca-confighardening"); }
};

// What TrustRoots::known_certificates says of Intel's root is true.
TEST_F(SgxVectors, TheKnownRootCertificateIsSignedByItsOwnPinnedKey) {
  const auto root =
      Certificate::from_der(read_all(vectors_of(Tee::kSgx) / "roots/intel_sgx_root_ca.der"));
  ASSERT_TRUE(root.has_value());
  const TrustRoots roots = production_roots();
  EXPECT_TRUE(roots.know(root->der()));
  EXPECT_TRUE(root->signed_by(*root));
  EXPECT_EQ(std::vector{root->spki_hash()}, roots.intel_sgx);
  Bytes other = to_bytes(root->der());
  other.back() ^= 1;
  EXPECT_FALSE(roots.know(other));
  DcapCase unknown = genuine();
  unknown.roots.known_certificates.clear();
  EXPECT_EQ(unknown.failures(), kGenuine);
}

TEST_F(SgxVectors, CasesHaveTheirVerdictAtTheirTime) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"sgx-v3-processorca-confighardening", kGenuine},
      {"sgx-v3-platformca-swhardening", kGenuine},
      {"sgx-v3-expired-collateral",
       "sgx.pck-crl.validity sgx.tcb-info.validity sgx.qe-identity.validity claims.report-data"},
      {"sgx-v3-collateral-not-yet-issued",
       "sgx.pck-crl.validity sgx.tcb-info.validity sgx.qe-identity.validity claims.report-data"},
      {"sgx-v3-fmspc-mismatch", "sgx.pck-crl.issuer sgx.tcb-info.fmspc claims.report-data"},
      // Genuine, but for a rule of ours: its TCB info is of evaluation 3, its QE identity of 0.
      {"sgx-v3-intel-sample-own-root", "sgx.collateral.evaluation-number claims.report-data"},
      {"sgx-v3-intel-sample-wrong-root", "sgx.pck.root"},
  };
  EXPECT_EQ(list("cases").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const DcapCase c = id == "sgx-v3-intel-sample-own-root" ? load_with_its_root(id) : load(id);
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(SgxVectors, GenuineCasesHaveTheirStatusAndAdvisories) {
  const JsonValue cases = list("cases");
  size_t count = 0;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    if (v["expected"]["verdict"].string().value() != "valid" || v["kind"].exists()) continue;
    ++count;
    const DcapCase c = load(v["id"].string().value());
    Verification result = c.verify();
    EXPECT_EQ(result.find("sgx.tcb.status")->found, v["expected"]["tcb_status"].string().value());
    EXPECT_EQ(result.find("policy.advisories")->found, expected_advisories(v["expected"]));
    EXPECT_EQ(checks_in(result, CheckState::kNotReached), "");

    Policy strict = widest_policy(parse_dcap_quote(c.evidence.quote)->sgx()->mr_enclave);
    strict.tcb_statuses = {TcbStatus::kUpToDate, TcbStatus::kSwHardeningNeeded};
    result = c.verify(strict);
    const bool accepted = v["default_policy"]["decision"].string().value() == "accept";
    EXPECT_EQ(result.find("policy.tcb-status")->state,
              accepted ? CheckState::kPassed : CheckState::kFailed);
  }
  EXPECT_EQ(count, 2u);
}

TEST_F(SgxVectors, MutationsFailTheCheckTheyAreAbout) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"sgx-mut-report_data", "sgx.quote.signature"},
      {"sgx-mut-mrenclave", "sgx.quote.signature"},
      {"sgx-mut-mrsigner", "sgx.quote.signature"},
      {"sgx-mut-header-user-data", "sgx.quote.signature"},
      {"sgx-mut-header-version-4", "sgx.quote.layout"},
      {"sgx-mut-qe-vendor-id", "sgx.quote.vendor"},
      {"sgx-mut-quote-signature", "sgx.quote.signature"},
      {"sgx-mut-attestation-key", "sgx.qe.binding sgx.quote.signature"},
      {"sgx-mut-qe-report-mrsigner", "sgx.qe.signature"},
      {"sgx-mut-qe-report-signature", "sgx.qe.signature"},
      {"sgx-mut-qe-auth-data", "sgx.qe.binding"},
      {"sgx-mut-pck-leaf-pem-byte", "sgx.pck.chain"},
      {"sgx-mut-truncated-in-certs", "sgx.quote.layout"},
      {"sgx-mut-trailing-zeros", kGenuine},
  };
  EXPECT_EQ(list("mutations").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const JsonValue entry = by_id(list("mutations"), id);
    ASSERT_TRUE(entry.exists()) << id;
    const DcapCase c = mutated(entry);
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(SgxVectors, CollateralCasesFailTheCheckTheyAreAbout) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"sgx-col-tcbinfo-tampered", "sgx.tcb-info.signature"},
      {"sgx-col-td-qe-identity", "sgx.qe-identity.identity"},
      {"sgx-col-platform-crl-for-processor-pck", "sgx.pck-crl.issuer"},
  };
  EXPECT_EQ(list("collateral_cases").size(), expected.size());
  for (const auto& [id, failure] : expected) {
    const JsonValue entry = by_id(list("collateral_cases"), id);
    ASSERT_TRUE(entry.exists()) << id;
    const DcapCase c = with_other_collateral(entry);
    const Verification result = c.verify();
    EXPECT_EQ(result.first_failure()->name(), failure) << id;
    EXPECT_FALSE(result.ok());
  }
}

TEST_F(SgxVectors, RefusesEmptyAndTruncatedCollateral) {
  const DcapCase original = genuine();
  const std::vector<std::pair<Bytes Collateral::*, std::string_view>> parts = {
      {&Collateral::tcb_info, "sgx.tcb-info.envelope"},
      {&Collateral::tcb_info_chain, "sgx.tcb-info.chain"},
      {&Collateral::qe_identity, "sgx.qe-identity.envelope"},
      {&Collateral::qe_identity_chain, "sgx.qe-identity.chain"},
      {&Collateral::pck_crl, "sgx.pck-crl.layout"},
      {&Collateral::root_ca_crl, "sgx.root-crl.layout"},
  };
  for (const auto& [part, check] : parts) {
    const size_t whole = (original.collateral.*part).size();
    for (size_t n = 0; n < whole; n += n < 4 || n + 8 > whole ? 1 : 61) {
      DcapCase c = original;
      (c.collateral.*part).resize(n);
      // A PEM chain's final line break is not part of it.
      if (n + 1 == whole && (original.collateral.*part).back() == '\n') continue;
      ASSERT_EQ(c.verify().first_failure()->name(), check) << n;
    }
  }
}

TEST_F(SgxVectors, JudgesDatesAtBothEnds) {
  DcapCase c = genuine();
  c.now = parse_rfc3339("2023-09-20T21:53:43Z").value();  // the PCK certificate's first second
  EXPECT_EQ(c.verify().find("sgx.pck.validity")->state, CheckState::kPassed);
  c.now = c.now + -1;
  EXPECT_EQ(c.verify().find("sgx.pck.validity")->state, CheckState::kFailed);
  c.now = parse_rfc3339("2030-09-20T21:53:43Z").value();
  EXPECT_EQ(c.verify().find("sgx.pck.validity")->state, CheckState::kPassed);
  c.now = c.now + 1;
  EXPECT_EQ(c.verify().find("sgx.pck.validity")->state, CheckState::kFailed);

  c.now = parse_rfc3339("2025-07-19T10:56:11Z").value();  // TCB info's nextUpdate
  EXPECT_EQ(c.verify().find("sgx.tcb-info.validity")->state, CheckState::kPassed);
  c.now = c.now + 1;
  EXPECT_EQ(c.verify().find("sgx.tcb-info.validity")->state, CheckState::kFailed);
  c.now = parse_rfc3339("2025-06-19T10:56:11Z").value();  // and its issueDate
  EXPECT_EQ(c.verify().find("sgx.tcb-info.validity")->state, CheckState::kPassed);
  c.now = c.now + -1;
  EXPECT_EQ(c.verify().find("sgx.tcb-info.validity")->state, CheckState::kFailed);
}

TEST_F(SgxVectors, EachPolicyFieldRefusesByItsOwnCheck) {
  const DcapCase c = genuine();
  const SgxReport report = *parse_dcap_quote(c.evidence.quote)->sgx();
  const Policy wide = widest_policy(report.mr_enclave);
  const auto failures = [&](const auto& change) {
    Policy policy = wide;
    change(policy);
    std::string out = checks_in(c.verify(policy), CheckState::kFailed);
    EXPECT_TRUE(out.ends_with(kGenuine)) << out;
    return out.substr(0, out.size() - kGenuine.size());
  };
  EXPECT_EQ(failures([](Policy&) {}), "");
  EXPECT_EQ(failures([](Policy& p) { p.sgx.reset(); }), "policy.tee ");
  EXPECT_EQ(failures([](Policy& p) { p.tcb_statuses = {TcbStatus::kUpToDate}; }),
            "policy.tcb-status ");
  EXPECT_EQ(failures([](Policy& p) { p.tcb_statuses = {}; }), "policy.tcb-status ");
  EXPECT_EQ(failures([](Policy& p) { p.advisories = {}; }), "policy.advisories ");
  EXPECT_EQ(failures([](Policy& p) { p.advisories = {false, {"INTEL-SA-00289"}}; }),
            "policy.advisories ");
  EXPECT_EQ(
      failures([](Policy& p) { p.advisories = {false, {"INTEL-SA-00615", "INTEL-SA-00289"}}; }),
      "");
  EXPECT_EQ(failures([](Policy& p) { p.min_tcb_evaluation_number = 17; }), "");
  EXPECT_EQ(failures([](Policy& p) { p.min_tcb_evaluation_number = 18; }),
            "policy.evaluation-number ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->mr_enclave[0][31] ^= 1; }), "policy.measurement ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->mr_enclave.clear(); }), "policy.measurement ");
  EXPECT_EQ(failures([&](Policy& p) { p.sgx->mr_enclave.push_back({}); }), "");
  EXPECT_EQ(failures([&](Policy& p) { p.sgx->mr_signer = report.mr_signer; }), "");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->mr_signer.emplace().fill(0); }), "policy.signer ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->isv_prod_id = 0; }), "");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->isv_prod_id = 1; }), "policy.product ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->min_isv_svn = 0; }), "");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->min_isv_svn = 1; }), "policy.svn ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->misc_select = Masked<4>{{0, 0, 0, 1}, {0, 0, 0, 1}}; }),
            "policy.misc-select ");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->attributes = Masked<16>{{0x05}, {0xff}}; }), "");
  EXPECT_EQ(failures([](Policy& p) { p.sgx->attributes = Masked<16>{{0x15}, {0xff}}; }),
            "policy.attributes ");
  // A value with a bit outside its mask fits nothing.
  EXPECT_EQ(failures([](Policy& p) { p.sgx->attributes = Masked<16>{{0x05}, {0x01}}; }),
            "policy.attributes ");
}

TEST_F(SgxVectors, ADefaultPolicyAndEmptyRootsAcceptNothing) {
  DcapCase c = genuine();
  const Verification v = c.verify(Policy());
  EXPECT_EQ(checks_in(v, CheckState::kFailed),
            "policy.tee policy.tcb-status policy.advisories claims.report-data");
  EXPECT_EQ(v.evidence(), nullptr);
  c.roots = {};
  EXPECT_EQ(c.failures(), "sgx.pck.root");
}

TEST_F(SgxVectors, FieldsOfAnUntrustedQuoteAreNotJudged) {
  DcapCase c = genuine();
  c.roots = {};
  const Verification v = c.verify();
  EXPECT_EQ(v.find("policy.measurement")->state, CheckState::kNotReached);
  EXPECT_EQ(v.find("claims.report-data")->state, CheckState::kNotReached);
  EXPECT_EQ(v.evidence(), nullptr);
  EXPECT_EQ(v.problem().name(), "sgx.pck.root");
  EXPECT_EQ(v.problem().code, Code::kUntrusted);
}

TEST_F(SgxVectors, ARefusalSaysWhatToDo) {
  const DcapCase c = genuine();
  Policy policy = widest_policy({});
  const Problem problem = c.verify(policy).problem();
  EXPECT_EQ(problem.name(), "policy.measurement");
  EXPECT_EQ(problem.code, Code::kDenied);
  EXPECT_NE(problem.sentence.find("another program"), std::string::npos);
  EXPECT_NE(
      problem.sentence.find("33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"),
      std::string::npos);
}

TEST_F(SgxVectors, JsonListsEveryCheck) {
  const Verification v = genuine().verify();
  const std::string json = to_json(v);
  const auto doc = JsonDocument::parse(json);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root()["ok"].boolean().value(), false);
  EXPECT_EQ(doc->root()["at"].string().value(), "2025-07-01T00:00:00Z");
  EXPECT_TRUE(doc->root()["evidence"].is(JsonKind::kNull));
  const JsonValue checks = doc->root()["checks"];
  EXPECT_EQ(checks.size(), v.checks().size());
  size_t i = 0;
  for (JsonValue c = checks.first(); c.exists(); c = c.next_in(checks), ++i) {
    EXPECT_EQ(c["name"].string().value(), v.checks()[i].name());
    EXPECT_EQ(c["state"].string().value(), name_of(v.checks()[i].state));
  }
}

TEST(Verification, RefusesTeesItCannotVerify) {
  const Verification v =
      verify({static_cast<Tee>(0xff), {}}, {}, {}, Policy(), production_roots(), Time{1751328000});
  EXPECT_EQ(checks_in(v, CheckState::kFailed), "evidence.tee");
  EXPECT_FALSE(v.ok());
}

TEST(Verification, EmptyEvidenceStopsAtTheLayout) {
  const Verification v =
      verify({Tee::kSgx, {}}, {}, {}, widest_policy({}), production_roots(), Time{1751328000});
  EXPECT_EQ(checks_in(v, CheckState::kFailed), "sgx.quote.layout");
  EXPECT_EQ(checks_in(v, CheckState::kPassed), "");
}

}  // namespace
}  // namespace blindai
