// verify() over the shared SEV-SNP vectors. Real reports carry report_data of their own programs,
// never the hash of claims of ours: with everything else in order "claims.report-data" is the one
// check that fails, and that is what "genuine" means below.
#include "lib/attest/snp_vectors_test.h"

#include "lib/attest/vek.h"

namespace blindai {
namespace {

constexpr std::string_view kGenuine = "claims.report-data";
using Expected = std::vector<std::pair<std::string_view, std::string_view>>;

TEST_F(SnpVectors, CasesHaveTheirVerdictAtTheirTime) {
  const Expected expected = {
      {"milan-v2-debug-policy", kGenuine},
      {"milan-v2-virtee", kGenuine},
      {"milan-v3-vlek-vmpl1", kGenuine},
      // Of three the CRL of their time is not at hand. Without one in force they are refused.
      {"milan-v3-dstack-tcb-behind", "snp.crl.validity claims.report-data"},
      {"milan-v3-oak-rk", kGenuine},
      {"genoa-v5-oak-oc", "snp.crl.validity claims.report-data"},
      {"turin-v5-oak-oc", "snp.crl.layout claims.report-data"},
      {"azure-milan-v3", kGenuine},
      {"azure-genoa-v3", kGenuine},
      {"azure-genoa-v3-openpcc", kGenuine},
  };
  EXPECT_EQ(list("cases").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    EXPECT_EQ(text(entry("cases", id)["expected"]["verdict"]), "valid");
    const SnpCase c = load(id);
    const Verification v = c.verify();
    EXPECT_EQ(c.failures(), failures) << id;
    EXPECT_EQ(v.find("snp.vek.tcb")->state, CheckState::kPassed) << id;
    EXPECT_EQ(v.find("snp.vek.chip")->state, CheckState::kPassed) << id;
  }
}

TEST_F(SnpVectors, ReportsSayWhatTheVectorsSay) {
  const JsonValue cases = list("cases");
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    const std::string id = text(v["id"]);
    const Bytes wire = file(text(v["report"]));
    const auto read = parse_snp_report(wire);
    ASSERT_TRUE(read.has_value()) << id;
    const SnpReport& r = *read;
    const JsonValue p = v["parsed"];
    EXPECT_EQ(r.version, p["version"].u64().value()) << id;
    EXPECT_EQ(r.vmpl, p["vmpl"].u64().value()) << id;
    EXPECT_EQ(r.guest_svn, p["guest_svn"].u64().value()) << id;
    EXPECT_EQ(r.signing_key == SnpSigningKey::kVlek ? "VLEK" : "VCEK", text(p["signing_key"]));
    EXPECT_EQ(to_hex(r.current_tcb), text(p["current_tcb"])) << id;
    EXPECT_EQ(to_hex(r.reported_tcb), text(p["reported_tcb"])) << id;
    EXPECT_EQ(to_hex(r.committed_tcb), text(p["committed_tcb"])) << id;
    EXPECT_EQ(to_hex(r.launch_tcb), text(p["launch_tcb"])) << id;
    EXPECT_EQ(to_hex(r.chip_id), text(p["chip_id"])) << id;
    EXPECT_EQ(to_hex(r.report_data), text(p["report_data"])) << id;
    EXPECT_EQ(to_hex(r.measurement), text(p["measurement"])) << id;
    EXPECT_EQ(to_hex(r.host_data), text(p["host_data"])) << id;
    EXPECT_EQ(to_hex(r.id_key_digest), text(p["id_key_digest"])) << id;
    if (r.cpu.has_value()) {
      const uint8_t cpu[] = {r.cpu->family, r.cpu->model, r.cpu->stepping};
      EXPECT_EQ(to_hex(cpu), text(p["cpuid_fam_mod_step"])) << id;
      EXPECT_EQ(name_of(product_of(*r.cpu).value()), text(v["product"])) << id;
    }
  }
}

// With the default rules, and the floor of AMD-SB-3019 (as quoted in CCF issue 6812) or, where that
// says nothing, whatever the report says.
TEST_F(SnpVectors, StrictPolicyAcceptsAndRefusesWithReason) {
  const Expected expected = {
      {"milan-v2-debug-policy", "policy.tcb policy.launch-tcb policy.debug"},
      {"milan-v2-virtee", "policy.tcb policy.launch-tcb"},
      {"milan-v3-vlek-vmpl1", "policy.vmpl policy.vlek"},
      {"milan-v3-dstack-tcb-behind", "policy.tcb"},
      {"milan-v3-oak-rk", ""},
      {"genoa-v5-oak-oc", ""},
      {"turin-v5-oak-oc", ""},
      {"azure-milan-v3", ""},
      {"azure-genoa-v3", ""},
      {"azure-genoa-v3-openpcc", ""},
  };
  for (const auto& [id, refused] : expected) {
    const SnpCase c = load(id);
    Policy policy = widest_snp_policy(c.evidence.quote);
    policy.allow_debug = false;
    SnpPolicy strict;
    strict.measurement = policy.snp->measurement;
    strict.min_tcb_milan = SnpTcb{.snp = 0x18};
    strict.min_tcb_genoa = SnpTcb{.snp = 0x17};
    strict.min_tcb_turin = SnpTcb{};
    strict.allow_smt = true;  // every public report allows it
    policy.snp = strict;
    std::string failures;
    const Verification v = c.verify(policy);
    for (const Check& check : v.checks())
      if (check.state == CheckState::kFailed && check.name().starts_with("policy."))
        failures += (failures.empty() ? "" : " ") + std::string(check.name());
    EXPECT_EQ(failures, refused) << id;
    const JsonValue floor = entry("cases", id)["policy_check_amd_sb_3019"];
    if (floor.is_object()) {
      EXPECT_EQ(v.find("policy.tcb")->state == CheckState::kPassed,
                floor["meets"].is(JsonKind::kTrue))
          << id;
    }
  }
}

TEST_F(SnpVectors, NegativeCasesFailTheCheckTheyAreAbout) {
  const Expected expected = {
      {"gce-v4-no-vcek", "snp.vek.layout"},
      {"gce-v4-wrong-vcek", "snp.vek.product"},
      {"azure-milan-v2-wrong-vcek", "snp.report.signature"},
      {"vlek-under-vcek-ca", "snp.chain.names snp.chain.signatures"},
      {"vcek-under-vlek-ca", "snp.chain.names snp.chain.signatures"},
      {"milan-vcek-under-genoa-ca", "snp.chain.names snp.chain.signatures snp.chain.root"},
      {"genoa-vcek-under-turin-ca", "snp.chain.names snp.chain.signatures snp.chain.root"},
      {"other-chip-same-product", "snp.report.signature"},
      {"ask-as-vcek", "snp.vek.layout"},
      {"vcek-not-yet-valid", "snp.chain.validity snp.crl.validity claims.report-data"},
      {"vlek-expired", "snp.chain.validity claims.report-data"},
      {"vcek-expired", "snp.chain.validity snp.crl.validity claims.report-data"},
  };
  EXPECT_EQ(list("negative_cases").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const JsonValue e = entry("negative_cases", id);
    EXPECT_EQ(text(e["expected"]["verdict"]), "invalid");
    SnpCase c = e["base_case"].exists() ? load(text(e["base_case"])) : SnpCase{};
    apply(e, c);
    apply(e["override"], c);
    if (id == "gce-v4-no-vcek") {  // everything but the VCEK is there
      const SnpCase other = load("milan-v2-virtee");
      c.collateral = other.collateral;
      c.collateral.vek.clear();
      c.now = other.now;
    }
    if (id == "ask-as-vcek") {
      const auto chain = parse_pem_chain(c.collateral.vek_chain, X509Profile::kAmdCa);
      ASSERT_TRUE(chain.has_value());
      std::string pem(as_text(c.collateral.vek_chain));
      pem = pem.substr(0, pem.find("-----END"));
      pem.erase(0, pem.find('\n'));
      std::erase(pem, '\n');
      std::erase(pem, '\r');
      c.collateral.vek = from_base64(pem).value();
      EXPECT_TRUE(
          Certificate::from_der(c.collateral.vek, X509Profile::kAmdCa)->same_as(chain->front()));
    }
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(SnpVectors, ChainCasesHaveTheirVerdict) {
  const Expected expected = {{"turin-vcek-chain", "valid"},
                             {"vcek-invalid-legacy", "invalid"},
                             {"vcek-invalid-new", "invalid"}};
  EXPECT_EQ(list("chain_cases").size(), expected.size());
  for (const auto& [id, verdict] : expected) {
    const JsonValue e = entry("chain_cases", id);
    const auto vek = Certificate::from_der(file(text(e["vek"])), X509Profile::kAmdVek);
    const auto chain = parse_pem_chain(file(text(e["ca"])), X509Profile::kAmdCa);
    ASSERT_TRUE(vek.has_value() && chain.has_value()) << id;
    EXPECT_TRUE((*chain)[0].signed_by((*chain)[1]) && (*chain)[1].signed_by((*chain)[1])) << id;
    EXPECT_TRUE(vek->names_issuer((*chain)[0])) << id;
    EXPECT_TRUE(vek->in_force(parse_rfc3339(text(e["eval_time"])).value())) << id;
    EXPECT_EQ(vek->signed_by((*chain)[0]), verdict == "valid") << id;
    EXPECT_EQ(text(e["expected"]["verdict"]), verdict);
    const auto extensions = parse_vek_extensions(*vek);
    ASSERT_TRUE(extensions.has_value()) << id << ": " << extensions.error().name();
    if (verdict == "valid") {
      EXPECT_EQ(to_hex(extensions->hwid), "1e550a8ee5cf9f4d");
      EXPECT_EQ(extensions->tcb, (SnpTcb{0, 0, 0, 0, 9}));
      continue;
    }
    // Raw in the one, an OCTET STRING in the other, and the same bytes.
    Bytes hwid(64);
    for (size_t i = 0; i < hwid.size(); ++i) hwid[i] = static_cast<uint8_t>(i);
    EXPECT_EQ(to_hex(extensions->hwid), to_hex(hwid)) << id;
  }
}

void edit(Bytes& bytes, const JsonValue& e) {
  const std::string op = e["op"].string().value();
  const auto number = [&e](std::string_view name) { return e[name].u64().value(); };
  if (op == "truncate") {
    bytes.resize(number("length"));
  } else if (op == "append") {
    append(bytes, from_hex(e["hex"].string().value()).value());
  } else if (op == "fill") {
    for (size_t i = 0; i < number("length"); ++i)
      bytes.at(number("offset") + i) = static_cast<uint8_t>(number("value"));
  } else {
    ASSERT_EQ(op, "xor");
    uint8_t& byte = bytes.at(number("offset"));
    byte = static_cast<uint8_t>(byte ^ number("value"));
  }
}

TEST_F(SnpVectors, MutationsFailTheCheckTheyAreAbout) {
  const Expected expected = {
      {"snp-mut-version", "snp.report.product"},  // version 3, which names the processor
      {"snp-mut-vmpl", "snp.report.signature"},
      {"snp-mut-sig-algo", "snp.report.algorithm"},
      {"snp-mut-current-tcb", "snp.report.signature"},
      {"snp-mut-report-data", "snp.report.signature"},
      {"snp-mut-measurement", "snp.report.signature"},
      {"snp-mut-id-key-digest", "snp.report.signature"},
      {"snp-mut-reported-tcb-ucode", "snp.report.signature"},
      {"snp-mut-reserved-0x18b", "snp.report.reserved"},
      {"snp-mut-virtee-byte-21", "snp.report.signature"},
      {"snp-mut-sig-r", "snp.report.signature"},
      {"snp-mut-sig-r-high-pad", "snp.report.reserved"},
      {"snp-mut-sig-zero", "snp.report.signature-range"},
      {"snp-mut-truncated", "snp.report.length"},
      {"snp-mut-truncated-before-sig", "snp.report.length"},
      {"snp-mut-appended-byte", "snp.report.length"},
      {"snp-mut-unsigned-tail", "snp.report.reserved"},  // ours is the strict reading
      {"snp-mut-vcek-tbs-byte", "snp.vek.layout"},
      {"snp-mut-vlek-report-sig", "snp.report.signature"},
  };
  EXPECT_EQ(list("mutations").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const JsonValue e = entry("mutations", id);
    SnpCase c = load(text(e["base_case"]));
    Bytes& target = text(e["target"]) == "vek" ? c.collateral.vek : c.evidence.quote;
    const JsonValue edits = e["edits"];
    for (JsonValue one = edits.first(); one.exists(); one = one.next_in(edits)) edit(target, one);
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(SnpVectors, CrlCasesHaveTheirVerdict) {
  const Expected expected = {
      {"crl-genoa-in-force", kGenuine},
      {"crl-milan-in-force", kGenuine},
      {"crl-genoa-expired", "snp.crl.validity claims.report-data"},
      {"crl-wrong-product", "snp.crl.issuer claims.report-data"},
      {"crl-missing-when-required", "snp.crl.layout claims.report-data"},
  };
  EXPECT_EQ(list("crl_cases").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const JsonValue e = entry("crl_cases", id);
    SnpCase c = load(text(e["base_case"]));
    apply(e, c);
    c.collateral.vek_crl = e["crl"].is_string() ? file(text(e["crl"])) : Bytes{};
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

// The list revokes the ASK before today's, 0x20001, and nothing else.
TEST_F(SnpVectors, GenoasCrlListsTheSupersededAsk) {
  const auto crl = Crl::from_der(file("crl/genoa.der"), X509Profile::kAmdCa);
  const auto chain = parse_pem_chain(file("ca/genoa-vcek.pem"), X509Profile::kAmdCa);
  ASSERT_TRUE(crl.has_value() && chain.has_value());
  EXPECT_TRUE(crl->signed_by((*chain)[1]));
  EXPECT_FALSE(crl->lists((*chain)[0]));
  EXPECT_EQ(to_hex((*chain)[0].serial()), "020002");
}

TEST_F(SnpVectors, PinnedRootsAreAmds) {
  const TrustRoots roots = production_roots();
  const auto root_of = [](const std::string& name) {
    return parse_pem_chain(file(name), X509Profile::kAmdCa)->at(1).spki_hash();
  };
  for (const char* kind : {"-vcek.pem", "-vlek.pem"}) {
    EXPECT_EQ(root_of(std::string("ca/milan") + kind), roots.amd_milan.at(0));
    EXPECT_EQ(root_of(std::string("ca/genoa") + kind), roots.amd_genoa.at(0));
    EXPECT_EQ(root_of(std::string("ca/turin") + kind), roots.amd_turin.at(0));
  }
}

}  // namespace
}  // namespace blindai
