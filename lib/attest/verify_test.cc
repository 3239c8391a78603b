// verify() over the shared vectors. Real quotes carry report_data of their own programs, never the
// hash of claims of ours: with everything else in order "claims.report-data" is the one check that
// fails, and that is what "genuine" means below.
#include "lib/attest/verify.h"

#include <gtest/gtest.h>

#include "lib/attest/sgx_quote.h"
#include "lib/attest/sgx_vectors_test.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr std::string_view kGenuine = "claims.report-data";

struct Case {
  Evidence evidence{Tee::kSgx, {}};
  Collateral collateral;
  Time now;
  TrustRoots roots = production_roots();

  Verification verify(const Policy& policy) const {
    return blindai::verify(evidence, as_bytes("claims"), collateral, policy, roots, now);
  }
  Verification verify() const {
    const auto quote = parse_sgx_quote(evidence.quote);
    return verify(widest_policy(quote.has_value() ? quote->report.mr_enclave : ByteArray<32>{}));
  }
  std::string failures() const { return checks_in(verify(), CheckState::kFailed); }
};

class SgxVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(sgx_vectors()))
      GTEST_SKIP() << "no shared vectors: no real quote was verified";
    text_ = read_all(sgx_vectors() / "vectors.json");
    auto parsed = JsonDocument::parse(as_text(text_));
    ASSERT_TRUE(parsed.has_value());
    document_ = *std::move(parsed);
  }

  JsonValue list(std::string_view name) const { return document_.root()[name]; }
  static JsonValue by_id(const JsonValue& entries, std::string_view id) {
    for (JsonValue v = entries.first(); v.exists(); v = v.next_in(entries))
      if (v["id"].string().value() == id) return v;
    return {};
  }
  static Bytes file(const JsonValue& name) {
    return read_all(sgx_vectors() / name.string().value());
  }

  // One entry of "cases", by its id.
  Case load(std::string_view id) const {
    const JsonValue entry = by_id(list("cases"), id);
    EXPECT_TRUE(entry.exists()) << id;
    Case out;
    out.now = parse_rfc3339(entry["eval_time"].string().value()).value();
    if (entry["kind"].exists()) {
      own_root(entry["files"], out);
      return out;
    }
    out.evidence.quote = file(entry["quote"]);
    const JsonValue files =
        by_id(list("collateral_sets"), entry["collateral_set"].string().value())["files"];
    out.collateral.tcb_info = file(files["tcb_info"]);
    out.collateral.tcb_info_chain = file(files["tcb_signing_chain"]);
    out.collateral.qe_identity = file(files["qe_identity"]);
    out.collateral.qe_identity_chain = file(files["qe_identity_issuer_chain"]);
    out.collateral.pck_crl = file(files["pck_crl"]);
    out.collateral.root_ca_crl = file(files["root_ca_crl"]);
    return out;
  }

  // Intel's sample has no chain in its quote (certification data type 1) but beside it. That part
  // is unsigned, so the quote is given the chain the way every quote provider does.
  static void own_root(const JsonValue& files, Case& out) {
    Bytes chain = file(files["pck_cert"]);
    if (chain.back() != '\n') chain.push_back('\n');
    append(chain, file(files["pck_chain"]));
    const Bytes quote = file(files["quote"]);
    constexpr size_t kAuth = 436;
    constexpr size_t kCertification = 1014;  // there is no QE authentication data
    append(out.evidence.quote, BytesView(quote).first(kAuth - 4));
    put_u32le(out.evidence.quote,
              static_cast<uint32_t>(kCertification - kAuth + 2 + 4 + chain.size()));
    append(out.evidence.quote, BytesView(quote).subspan(kAuth, kCertification - kAuth));
    put_u16le(out.evidence.quote, 5);
    put_u32le(out.evidence.quote, static_cast<uint32_t>(chain.size()));
    append(out.evidence.quote, chain);
    out.collateral.tcb_info = file(files["tcb_info"]);
    out.collateral.tcb_info_chain = file(files["tcb_signing_chain"]);
    out.collateral.qe_identity = file(files["qe_identity"]);
    out.collateral.qe_identity_chain = out.collateral.tcb_info_chain;
    out.collateral.pck_crl = file(files["pck_crl"]);
    out.collateral.root_ca_crl = file(files["root_ca_crl"]);
  }

  Case genuine() const { return load("sgx-v3-processorca-confighardening"); }

  Bytes text_;
  JsonDocument document_;
};

std::string expected_advisories(const JsonValue& expected) {
  std::string out;
  const JsonValue ids = expected["advisory_ids"];
  for (JsonValue v = ids.first(); v.exists(); v = v.next_in(ids))
    out += (out.empty() ? "" : ", ") + v.string().value();
  return out.empty() ? "none" : out;
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
    Case c = load(id);
    if (id == "sgx-v3-intel-sample-own-root") {
      const auto root = parse_pem_chain(file(by_id(list("cases"), id)["files"]["trusted_root"]));
      ASSERT_TRUE(root.has_value());
      c.roots.intel_sgx = {root->front().spki_hash()};
    }
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(SgxVectors, GenuineCasesHaveTheirStatusAndAdvisories) {
  const JsonValue cases = list("cases");
  size_t count = 0;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    if (v["expected"]["verdict"].string().value() != "valid" || v["kind"].exists()) continue;
    ++count;
    const Case c = load(v["id"].string().value());
    Verification result = c.verify();
    EXPECT_EQ(result.find("sgx.tcb.status")->found, v["expected"]["tcb_status"].string().value());
    EXPECT_EQ(result.find("policy.advisories")->found, expected_advisories(v["expected"]));
    EXPECT_EQ(checks_in(result, CheckState::kNotReached), "");

    Policy strict = widest_policy(parse_sgx_quote(c.evidence.quote)->report.mr_enclave);
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
      {"sgx-mut-header-version-4", "sgx.quote.version"},
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
    Case c = load(entry["base_case"].string().value());
    Bytes& quote = c.evidence.quote;
    const JsonValue edits = entry["edits"];
    for (JsonValue e = edits.first(); e.exists(); e = e.next_in(edits)) {
      const std::string op = e["op"].string().value();
      if (op == "truncate") {
        quote.resize(e["length"].u64().value());
      } else if (op == "append") {
        append(quote, from_hex(e["hex"].string().value()).value());
      } else {
        uint8_t& byte = quote[e["offset"].u64().value()];
        const auto value = static_cast<uint8_t>(e["value"].u64().value());
        ASSERT_TRUE(op == "xor" || op == "set") << op;
        byte = op == "xor" ? static_cast<uint8_t>(byte ^ value) : value;
      }
    }
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
    Case c = load(entry["base_case"].string().value());
    const JsonValue edit = entry["edit"];
    const std::string name = edit["file"].string().value();
    Bytes& target = name == "tcb_info"      ? c.collateral.tcb_info
                    : name == "qe_identity" ? c.collateral.qe_identity
                                            : c.collateral.pck_crl;
    if (edit["use"].exists()) {
      target = file(edit["use"]);
    } else {
      const JsonValue replace = edit["replace"];
      const std::string from = replace.first().string().value();
      std::string text(as_text(target));
      const size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos);
      text.replace(at, from.size(), replace.first().next_in(replace).string().value());
      target = to_bytes(as_bytes(text));
    }
    const Verification result = c.verify();
    EXPECT_EQ(result.first_failure()->name(), failure) << id;
    EXPECT_FALSE(result.ok());
  }
}

// The part of a refusal that a sweep counts: something other than the claims said no.
bool refused(const Verification& v) {
  const Check* failure = v.first_failure();
  return !v.ok() && failure != nullptr && failure->name() != kGenuine;
}

TEST_F(SgxVectors, RefusesAFlippedBitInEveryByteOfTheQuote) {
  const Case original = genuine();
  ASSERT_EQ(original.failures(), kGenuine);
  Case c = original;
  const Policy policy = widest_policy(parse_sgx_quote(c.evidence.quote)->report.mr_enclave);
  size_t tried = 0;
  for (size_t i = 0; i < c.evidence.quote.size(); ++i, ++tried) {
    uint8_t& byte = c.evidence.quote[i];
    const auto flipped = static_cast<uint8_t>(1u << (i % 8));
    byte ^= flipped;
    ASSERT_TRUE(refused(c.verify(policy))) << "byte " << i;
    byte ^= flipped;
  }
  RecordProperty("mutants", static_cast<int>(tried));
  std::printf("%zu mutants of the quote, all refused\n", tried);
  EXPECT_EQ(tried, original.evidence.quote.size());
}

TEST_F(SgxVectors, RefusesFlippedBitsAllOverTheCollateral) {
  constexpr size_t kStride = 5;  // a verification each; every byte would take a minute
  Case c = genuine();
  const Policy policy = widest_policy(parse_sgx_quote(c.evidence.quote)->report.mr_enclave);
  size_t tried = 0;
  size_t same_value = 0;
  for (Bytes* part :
       {&c.collateral.tcb_info, &c.collateral.tcb_info_chain, &c.collateral.qe_identity,
        &c.collateral.qe_identity_chain, &c.collateral.pck_crl, &c.collateral.root_ca_crl}) {
    const size_t signature = as_text(*part).rfind("\"signature\":\"");
    for (size_t i = 0; i < part->size(); i += kStride) {
      uint8_t& byte = (*part)[i];
      const auto flipped = static_cast<uint8_t>(1u << (i / kStride % 8));
      // The other case of a hexadecimal letter is the same signature.
      const bool letter = flipped == 0x20 && byte >= 'a' && byte <= 'f';
      if (letter && signature != std::string_view::npos && i >= signature + 13) {
        ++same_value;
        continue;
      }
      byte ^= flipped;
      ASSERT_TRUE(refused(c.verify(policy))) << "byte " << i << " of " << part->size();
      byte ^= flipped;
      ++tried;
    }
  }
  std::printf("%zu mutants of the collateral, all refused (%zu that mean the same left out)\n",
              tried, same_value);
  EXPECT_GT(tried, 2000u);
}

TEST_F(SgxVectors, RefusesEveryTruncationOfTheQuote) {
  Case c = genuine();
  const Bytes whole = c.evidence.quote;
  for (size_t n = 0; n < whole.size(); ++n) {
    c.evidence.quote.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
    const Verification v = c.verify();
    ASSERT_EQ(v.first_failure()->name(), "sgx.quote.layout") << n;
  }
}

TEST_F(SgxVectors, RefusesEmptyAndTruncatedCollateral) {
  const Case original = genuine();
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
      Case c = original;
      (c.collateral.*part).resize(n);
      // A PEM chain's final line break is not part of it.
      if (n + 1 == whole && (original.collateral.*part).back() == '\n') continue;
      ASSERT_EQ(c.verify().first_failure()->name(), check) << n;
    }
  }
}

TEST_F(SgxVectors, JudgesDatesAtBothEnds) {
  Case c = genuine();
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
  const Case c = genuine();
  const SgxReport report = parse_sgx_quote(c.evidence.quote)->report;
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
  Case c = genuine();
  const Verification v = c.verify(Policy());
  EXPECT_EQ(checks_in(v, CheckState::kFailed),
            "policy.tee policy.tcb-status policy.advisories claims.report-data");
  EXPECT_EQ(v.evidence(), nullptr);
  c.roots = {};
  EXPECT_EQ(c.failures(), "sgx.pck.root");
}

TEST_F(SgxVectors, FieldsOfAnUntrustedQuoteAreNotJudged) {
  Case c = genuine();
  c.roots = {};
  const Verification v = c.verify();
  EXPECT_EQ(v.find("policy.measurement")->state, CheckState::kNotReached);
  EXPECT_EQ(v.find("claims.report-data")->state, CheckState::kNotReached);
  EXPECT_EQ(v.evidence(), nullptr);
  EXPECT_EQ(v.problem().name(), "sgx.pck.root");
  EXPECT_EQ(v.problem().code, Code::kUntrusted);
}

TEST_F(SgxVectors, ARefusalSaysWhatToDo) {
  const Case c = genuine();
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
