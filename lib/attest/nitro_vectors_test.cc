// verify() over the shared Nitro vectors, at their evaluation times. Real documents carry user_data
// of their own programs, never the hash of claims of ours: with everything else in order
// "claims.report-data" is the one check that fails, and that is what "genuine" means below.
#include <algorithm>
#include <gtest/gtest.h>

#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/mutants_test.h"
#include "lib/attest/nitro_document.h"
#include "lib/attest/verify_twice_test.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

std::filesystem::path nitro_vectors() {
  return vectors_of(Tee::kNitro);
}

struct Case {
  Bytes document;
  Time now;
  Policy policy;
  TrustRoots roots = production_roots();

  Verification verify() const {
    return verify_twice({Tee::kNitro, document}, as_bytes("claims"), {}, policy, roots, now);
  }
  std::string failures() const { return checks_in(verify(), CheckState::kFailed); }
  NitroDocument parsed() const {
    return parse_nitro_payload(parse_cose_sign1(document)->payload).value();
  }
};

class NitroVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(nitro_vectors()))
      GTEST_SKIP() << "no shared vectors: no real Nitro document was verified";
    text_ = read_all(nitro_vectors() / "vectors.json");
    auto parsed = JsonDocument::parse(as_text(text_));
    ASSERT_TRUE(parsed.has_value());
    json_ = *std::move(parsed);
  }

  JsonValue list(std::string_view name) const { return json_.root()[name]; }
  static JsonValue by_id(const JsonValue& entries, std::string_view id) {
    for (JsonValue v = entries.first(); v.exists(); v = v.next_in(entries))
      if (v["id"].string().value() == id) return v;
    return {};
  }
  static Time time_of(const JsonValue& entry) {
    return parse_rfc3339(entry["eval_time"].string().value()).value();
  }

  // One entry of "cases", with a policy that accepts its PCR 0, its age and its mode.
  Case load(std::string_view id) const {
    const JsonValue entry = by_id(list("cases"), id);
    EXPECT_TRUE(entry.exists()) << id;
    Case out;
    out.document = read_all(nitro_vectors() / entry["file"].string().value());
    out.now = time_of(entry);
    out.policy.max_evidence_age_s = 3600;
    ByteArray<48> pcr0;
    std::ranges::copy(*out.parsed().pcrs[0], pcr0.begin());
    out.policy.nitro.emplace().pcrs[0] = {pcr0};
    out.policy.allow_debug = entry["expected"]["debug_mode"].boolean().value();
    return out;
  }

  Bytes text_;
  JsonDocument json_;
};

// What TrustRoots::known_certificates says of AWS's root is true.
TEST_F(NitroVectors, TheKnownRootCertificateIsSignedByItsOwnPinnedKey) {
  const auto chain =
      parse_pem_chain(read_all(nitro_vectors() / "aws_nitro_root_g1.pem"), X509Profile::kNitro);
  ASSERT_TRUE(chain.has_value());
  const Certificate& root = chain->front();
  const TrustRoots roots = production_roots();
  EXPECT_TRUE(roots.know(root.der()));
  EXPECT_TRUE(root.signed_by(root));
  EXPECT_EQ(std::vector{root.spki_hash()}, roots.aws_nitro);
}

TEST_F(NitroVectors, ThePinnedRootIsThePublishedOne) {
  const auto chain =
      parse_pem_chain(read_all(nitro_vectors() / "aws_nitro_root_g1.pem"), X509Profile::kNitro);
  ASSERT_TRUE(chain.has_value());
  ASSERT_EQ(chain->size(), 1u);
  const Certificate& root = chain->front();
  EXPECT_EQ(production_roots().aws_nitro, std::vector{root.spki_hash()});
  EXPECT_EQ(root.common_name(), "aws.nitro-enclaves");
  EXPECT_TRUE(root.signed_by(root));
  // AWS publishes the SHA-256 of the certificate; every document carries that very certificate.
  const Case real = load("dstack-nitro");
  const BytesView in_document = real.parsed().cabundle()[0];
  EXPECT_EQ(to_hex(sha256(in_document)),
            "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b");
  EXPECT_TRUE(Certificate::from_der(in_document, X509Profile::kNitro)->same_as(root));
}

TEST_F(NitroVectors, CasesHaveTheirVerdictAtTheirTime) {
  const JsonValue cases = list("cases");
  size_t count = 0;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases), ++count) {
    const std::string id = v["id"].string().value();
    Case c = load(id);
    EXPECT_EQ(c.failures(), kGenuine) << id;
    EXPECT_EQ(checks_in(c.verify(), CheckState::kNotReached), "") << id;
    // The default policy of the vectors accepts what is not in debug mode.
    c.policy.allow_debug = false;
    const bool accept = v["default_policy"]["decision"].string().value() == "accept";
    EXPECT_EQ(c.verify().find("policy.debug")->state,
              accept ? CheckState::kPassed : CheckState::kFailed)
        << id;
  }
  EXPECT_EQ(count, 5u);
}

TEST_F(NitroVectors, FieldsAreThoseThatOthersRead) {
  const JsonValue cases = list("cases");
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    const std::string id = v["id"].string().value();
    const Case c = load(id);
    const NitroDocument d = c.parsed();
    const JsonValue parsed = v["parsed"];
    EXPECT_EQ(d.module_id, parsed["module_id"].string().value()) << id;
    EXPECT_EQ(d.timestamp_ms, parsed["timestamp_ms"].u64().value()) << id;
    std::array<bool, kNitroPcrs> zero{};
    const JsonValue zeros = parsed["zero_pcrs"];
    for (JsonValue z = zeros.first(); z.exists(); z = z.next_in(zeros))
      zero[z.u64().value()] = true;
    for (size_t i = 0; i < kNitroPcrs; ++i) {
      const JsonValue named = parsed["pcrs"][std::to_string(i)];
      const std::string expected =
          named.exists() ? named.string().value() : (zero[i] ? std::string(96, '0') : "absent");
      EXPECT_EQ(d.pcrs[i].has_value() ? to_hex(*d.pcrs[i]) : "absent", expected) << id << i;
    }
    for (const auto& [name, value] :
         {std::pair("user_data", d.user_data), std::pair("nonce", d.nonce)}) {
      const Result<std::string> text = parsed[name].string();
      EXPECT_EQ(value.has_value() ? to_hex(*value) : "none", text.value_or("none")) << id << name;
    }
  }
}

TEST_F(NitroVectors, MutationsFailTheCheckTheyAreAbout) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"nitro-mut-pcr0", "nitro.document.signature"},
      {"nitro-mut-user-data", "nitro.document.signature"},
      {"nitro-mut-signature-r", "nitro.document.signature"},
      {"nitro-mut-protected-alg", "nitro.document.algorithm"},
      // The byte is in the certificate's dates.
      {"nitro-mut-leaf-cert-byte", "nitro.chain.validity nitro.document.signature"},
      {"nitro-mut-truncated", "nitro.document.layout"},
      {"nitro-mut-truncated-1", "nitro.document.layout"},
      {"nitro-mut-signature-zero", "nitro.document.signature"},
      {"nitro-mut-tag18", kGenuine},
      {"nitro-mut-trailing-byte", "nitro.document.layout"},
  };
  EXPECT_EQ(list("mutations").size(), expected.size());
  for (const auto& [id, failures] : expected) {
    const JsonValue entry = by_id(list("mutations"), id);
    ASSERT_TRUE(entry.exists()) << id;
    Case c = load(entry["base_case"].string().value());
    Bytes& document = c.document;
    const JsonValue edits = entry["edits"];
    for (JsonValue e = edits.first(); e.exists(); e = e.next_in(edits)) {
      const std::string op = e["op"].string().value();
      const auto number = [&e](std::string_view name) {
        return static_cast<ptrdiff_t>(e[name].u64().value());
      };
      if (op == "truncate") {
        document.resize(static_cast<size_t>(number("length")));
      } else if (op == "append") {
        append(document, from_hex(e["hex"].string().value()).value());
      } else if (op == "insert") {
        const Bytes more = from_hex(e["hex"].string().value()).value();
        document.insert(document.begin() + number("offset"), more.begin(), more.end());
      } else if (op == "fill") {
        std::fill_n(document.begin() + number("offset"), number("length"),
                    static_cast<uint8_t>(number("value")));
      } else {
        ASSERT_TRUE(op == "xor" || op == "set") << op;
        uint8_t& byte = document[static_cast<size_t>(number("offset"))];
        const auto value = static_cast<uint8_t>(number("value"));
        byte = op == "xor" ? static_cast<uint8_t>(byte ^ value) : value;
      }
    }
    EXPECT_EQ(c.failures(), failures) << id;
  }
}

TEST_F(NitroVectors, OtherCasesFailTheCheckTheyAreAbout) {
  std::vector<std::string> done;
  const auto base = [&](std::string_view id) {
    done.emplace_back(id);
    return load(by_id(list("other_cases"), id)["base_case"].string().value());
  };
  const auto at_its_time = [&](std::string_view id) {
    Case c = base(id);
    c.now = time_of(by_id(list("other_cases"), id));
    return c;
  };
  EXPECT_EQ(at_its_time("nitro-time-after-leaf").failures(),
            "nitro.chain.validity policy.age claims.report-data");
  EXPECT_EQ(at_its_time("nitro-time-before-leaf").failures(),
            "nitro.chain.validity nitro.payload.not-from-future claims.report-data");

  Case stale = at_its_time("nitro-stale-doc");
  EXPECT_EQ(stale.failures(), "policy.age claims.report-data");
  stale.policy.max_evidence_age_s = 3 * 3600;
  EXPECT_EQ(stale.failures(), kGenuine);

  Case wrong_root = base("nitro-wrong-root");
  wrong_root.roots.aws_nitro = wrong_root.roots.intel_sgx;
  EXPECT_EQ(wrong_root.failures(), "nitro.chain.root");

  Case pcr = base("nitro-pcr-mismatch");
  const JsonValue wanted = by_id(list("other_cases"), "nitro-pcr-mismatch")["expected_pcrs"];
  pcr.policy.nitro->pcrs[0] = {array_from_hex<48>(wanted["0"].string().value()).value()};
  EXPECT_EQ(pcr.failures(), "policy.measurement claims.report-data");

  // BlindAI has a connection's nonce in the claims, not in the document's own field; what the
  // vectors ask of that field is asked of the field here.
  for (const std::string_view id : {"nitro-wrong-nonce", "nitro-missing-nonce"}) {
    const Case c = base(id);
    const Bytes nonce =
        from_hex(by_id(list("other_cases"), id)["expected_nonce_hex"].string().value()).value();
    const auto found = c.parsed().nonce;
    EXPECT_EQ(found.has_value(), id == "nitro-wrong-nonce");
    EXPECT_FALSE(found.has_value() && equal(*found, nonce)) << id;
  }
  // lib/channel has the binding to a TLS certificate.
  done.emplace_back("nitro-ratls-wrong-cert");
  EXPECT_EQ(list("other_cases").size(), done.size());
}

TEST_F(NitroVectors, NothingVerifiesUnderTheTestRoots) {
  Case c = load("dstack-nitro");
  c.roots = {};
  EXPECT_EQ(c.failures(), "nitro.chain.root");
}

// The part of a refusal that a sweep counts: something other than the claims said no.
bool refused(const Verification& v) {
  const Check* failure = v.first_failure();
  return !v.ok() && failure != nullptr && failure->name() != kGenuine;
}

// A mutant costs a P-384 check, three quarters of a millisecond. Unless BLINDAI_MUTANTS=all is in
// the environment: of the first document one bit in every byte, of the others in every seventh; of
// all of them every bit of the 25 bytes in front, where the algorithm is, and one bit in every byte
// of the signature.
TEST_F(NitroVectors, RefusesFlippedBitsEverywhere) {
  const bool all = all_mutants_wanted();
  const JsonValue cases = list("cases");
  size_t tried = 0, stride = 1;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases), stride = 7) {
    Case c = load(v["id"].string().value());
    MutantJudge judge;
    ASSERT_EQ(checks_in(judge.original({Tee::kNitro, c.document}, as_bytes("claims"), {}, c.policy,
                                       c.roots, c.now),
                        CheckState::kFailed),
              kGenuine);
    const size_t size = c.document.size();
    for (size_t i = 0; i < size; ++i) {
      const bool front = i < 25;
      if (!all && !front && i + 96 < size && i % stride != 0) continue;
      for (size_t bit = 0; bit < 8; ++bit) {
        if (!all && !front && bit != i / stride % 8) continue;
        c.document[i] ^= static_cast<uint8_t>(1u << bit);
        ASSERT_TRUE(refused(judge.mutant({Tee::kNitro, c.document}, as_bytes("claims"), {},
                                         c.policy, c.roots, c.now)))
            << v["id"].string().value() << " byte " << i;
        c.document[i] ^= static_cast<uint8_t>(1u << bit);
        ++tried;
      }
    }
    EXPECT_EQ(c.failures(), kGenuine);
  }
  RecordProperty("mutants", static_cast<int>(tried));
  std::printf("%zu mutants of 5 documents (%s), all refused\n", tried,
              all ? "every bit" : "one bit of sampled bytes; BLINDAI_MUTANTS=all for every bit");
  EXPECT_GT(tried, 7000u);
}

TEST_F(NitroVectors, RefusesEveryTruncation) {
  const JsonValue cases = list("cases");
  constexpr size_t kStep = kUnderSanitizer ? 5 : 1;
  size_t tried = 0;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    Case c = load(v["id"].string().value());
    const Bytes whole = c.document;
    for (size_t n = 0; n < whole.size(); n += kStep, ++tried) {
      c.document.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
      ASSERT_EQ(c.failures(), "nitro.document.layout") << n;
    }
  }
  std::printf("%zu truncations of 5 documents, all refused\n", tried);
  EXPECT_GT(tried, 23000u / kStep);
}

}  // namespace
}  // namespace blindai
