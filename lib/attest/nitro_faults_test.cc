// Each way in which a Nitro document can be wrong, and the one check that notices it. The documents
// have the real format, under a root of our own (tests/support/nitro_pki.h).
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <set>

#include <openssl/x509.h>

#include "lib/attest/nitro_checks.h"
#include "lib/attest/nitro_document.h"
#include "lib/attest/verify_twice_test.h"
#include "tests/support/nitro_pki.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};
const Bytes kClaims(100, 7);

ByteArray<64> report_data() {
  ByteArray<64> out{};
  std::ranges::copy(sha256(kClaims), out.begin());
  return out;
}

ByteArray<48> pcr_of(uint8_t value) {
  ByteArray<48> out;
  out.fill(value);
  return out;
}

Bytes pcr_map(const std::vector<std::pair<int, Bytes>>& pcrs) {
  CborEntries entries;
  for (const auto& [index, value] : pcrs)
    entries.emplace_back(Cbor::integer(index), Cbor::bytes(value).encode());
  return write_cbor_map(entries);
}

// A public key on a curve that the documents do not use.
Bytes spki_on(const char* curve) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen(curve), EVP_PKEY_free);
  unsigned char* raw = nullptr;
  const int length = i2d_PUBKEY(key.get(), &raw);
  EXPECT_GT(length, 0);
  Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

struct Scene {
  NitroPlan plan{kNow, report_data()};
  Policy policy;
  TrustRoots roots{.aws_nitro = {nitro_test_root()}};
  Time now = kNow;
  Bytes claims = kClaims;

  Scene() {
    policy.nitro.emplace().pcrs[0] = {pcr_of(1)};
    policy.nitro->pcrs[2] = {pcr_of(9), pcr_of(3)};
    policy.max_evidence_age_s = 600;
  }
  NitroPart& region() { return plan.chain[1]; }
  NitroPart& instance() { return plan.chain[3]; }
  NitroPart& leaf() { return plan.chain.back(); }
  Verification verify(const Bytes& document) const {
    return verify_twice({Tee::kNitro, document}, claims, {}, policy, roots, now);
  }
  Verification verify() const { return verify(plan.document()); }
};

std::string failures_of(const Verification& v) {
  std::string out;
  for (const Check& c : v.checks())
    if (c.state == CheckState::kFailed) out += std::string(c.name()) + " ";
  EXPECT_EQ(v.ok(), out.empty());
  EXPECT_EQ(v.evidence() != nullptr, out.empty());
  return out;
}

struct Row {
  const char* name;
  void (*change)(Scene&);
  // Every check that has to fail, in order, each followed by a space. All others pass or are not
  // reached.
  const char* failures;
};

#define SCENE(statement) [](Scene& s) { statement; }

const Row kRows[] = {
    {"NoUnprotectedHeader", SCENE(s.plan.cose.unprotected = Bytes({0xf6})),
     "nitro.document.layout "},
    {"UnprotectedAlgorithm", SCENE(s.plan.cose.unprotected = Bytes({0xa1, 0x01, 0x38, 0x22})),
     "nitro.document.layout "},
    {"AlgorithmEs256", SCENE(s.plan.cose.protected_header = Bytes({0xa1, 0x01, 0x26})),
     "nitro.document.algorithm "},
    {"AlgorithmEs512", SCENE(s.plan.cose.protected_header = Bytes({0xa1, 0x01, 0x38, 0x23})),
     "nitro.document.algorithm "},
    {"AlgorithmPs384", SCENE(s.plan.cose.protected_header = Bytes({0xa1, 0x01, 0x38, 0x25})),
     "nitro.document.algorithm "},
    {"AlgorithmInALongerForm",
     SCENE(s.plan.cose.protected_header = Bytes({0xa1, 0x01, 0x39, 0x00, 0x22})),
     "nitro.document.algorithm "},
    {"AlgorithmAndMore",
     SCENE(s.plan.cose.protected_header = Bytes({0xa2, 0x01, 0x38, 0x22, 0x04, 0x40})),
     "nitro.document.algorithm "},
    {"AlgorithmAbsent", SCENE(s.plan.cose.protected_header = Bytes({0xa0})),
     "nitro.document.algorithm "},
    {"AlgorithmEmpty", SCENE(s.plan.cose.protected_header = {}), "nitro.document.algorithm "},
    {"DerSignature", SCENE(s.plan.der_signature = true), "nitro.document.signature-form "},

    {"RepeatedKey", SCENE(s.plan.payload.add("digest", Cbor::text("SHA384").encode())),
     "nitro.payload.layout "},
    {"UnknownKey", SCENE(s.plan.payload.add("debug", Cbor::integer(0).encode())),
     "nitro.payload.layout "},
    {"NullInARequiredField", SCENE(s.plan.payload.set("module_id", cbor_null())),
     "nitro.payload.layout "},
    {"NoTimestamp", SCENE(s.plan.payload.remove("timestamp")), "nitro.payload.layout "},
    {"OfAVirtualMachine",
     SCENE(s.plan.payload.remove("pcrs").add(
         "nitrotpm_pcrs", pcr_map({{0, Bytes(48, 1)}, {1, Bytes(48, 2)}, {2, Bytes(48, 3)}}))),
     "nitro.payload.kind "},
    {"DigestSha256", SCENE(s.plan.payload.set("digest", Cbor::text("SHA256"))),
     "nitro.payload.digest "},
    {"DigestInLowerCase", SCENE(s.plan.payload.set("digest", Cbor::text("sha384"))),
     "nitro.payload.digest "},
    {"PcrOfAnotherDigest",
     SCENE(s.plan.payload.set(
         "pcrs",
         pcr_map({{0, Bytes(48, 1)}, {1, Bytes(48, 2)}, {2, Bytes(48, 3)}, {5, Bytes(32, 3)}}))),
     "nitro.payload.pcrs "},
    {"NoPcr0", SCENE(s.plan.payload.set("pcrs", pcr_map({{1, Bytes(48, 2)}, {2, Bytes(48, 3)}}))),
     "nitro.payload.pcrs "},
    {"TimestampZero", SCENE(s.plan.payload.set("timestamp", Cbor::integer(0))),
     "nitro.payload.timestamp "},

    {"LeafOnP521", SCENE(s.leaf().spki = spki_on("P-521")), "nitro.chain.layout "},
    {"LeafOnP256", SCENE(s.leaf().spki = spki_on("P-256")), "nitro.chain.layout "},
    {"LeafOnAnotherCurveOf384Bits", SCENE(s.leaf().spki = spki_on("brainpoolP384r1")),
     "nitro.chain.layout "},
    {"LeafSignedWithSha256", SCENE(s.leaf().signed_with_p256 = true), "nitro.chain.layout "},
    {"RegionOnP521", SCENE(s.region().spki = spki_on("P-521")), "nitro.chain.layout "},
    {"UnknownCriticalExtension", SCENE(s.instance().critical_extension = true),
     "nitro.chain.layout "},
    {"NotACertificate", SCENE(s.plan.keep_certificates = true), "nitro.chain.layout "},
    {"OtherRoot",
     SCENE(s.plan.chain[0].spki = nitro_test_key("other root").spki();
           s.plan.chain[0].signer = s.region().signer = "other root"),
     "nitro.chain.root "},
    {"NoRoots", SCENE(s.roots = {}), "nitro.chain.root "},
    {"RealRootsOnly", SCENE(s.roots = production_roots()), "nitro.chain.root "},
    {"RootLeftOut",
     SCENE(s.plan.chain.erase(s.plan.chain.begin()); s.region().issuer_name = "region";
           s.plan.chain[0].issuer_name = "root"; s.plan.chain[0].signer = "root"),
     "nitro.chain.root nitro.chain.names "},
    {"RootLast", SCENE(s.plan.root_last = true),
     "nitro.chain.root nitro.chain.names nitro.chain.constraints "},
    {"IssuedInAnotherName", SCENE(s.leaf().issuer_name = "zone"), "nitro.chain.names "},
    {"RootOfAnotherIssuer", SCENE(s.plan.chain[0].issuer_name = "somebody"), "nitro.chain.names "},
    {"ACertificateLeftOut",
     SCENE(s.plan.chain.erase(s.plan.chain.begin() + 2); s.plan.chain[2].issuer_name = "zone";
           s.plan.chain[2].signer = "zone"),
     "nitro.chain.names "},
    {"InstanceIsNoCa", SCENE(s.instance().ca = false; s.instance().path_len = {}),
     "nitro.chain.constraints "},
    {"InstanceMaySignNoCertificates", SCENE(s.instance().usages = kDigitalSignature | kCrlSign),
     "nitro.chain.constraints "},
    {"InstanceWithoutUsages", SCENE(s.instance().usages = 0), "nitro.chain.constraints "},
    {"RegionAllowsTooFew", SCENE(s.region().path_len = 1), "nitro.chain.constraints "},
    {"RootAllowsTooFew", SCENE(s.plan.chain[0].path_len = 2), "nitro.chain.constraints "},
    {"LeafIsCa", SCENE(s.leaf().ca = true; s.leaf().usages = kDigitalSignature | kKeyCertSign),
     "nitro.chain.constraints "},
    {"LeafMayNotSign", SCENE(s.leaf().usages = kNonRepudiation), "nitro.chain.constraints "},
    {"LeafWithoutUsages", SCENE(s.leaf().usages = 0), "nitro.chain.constraints "},
    {"RootExpired", SCENE(s.plan.chain[0].to = kNow + -1), "nitro.chain.validity "},
    {"RootNotYetValid", SCENE(s.plan.chain[0].from = kNow + 1), "nitro.chain.validity "},
    {"ZoneExpired", SCENE(s.plan.chain[2].to = kNow + -1), "nitro.chain.validity "},
    {"LeafExpired", SCENE(s.leaf().to = kNow + -1), "nitro.chain.validity "},
    {"LeafNotYetValid", SCENE(s.leaf().from = kNow + 1), "nitro.chain.validity "},

    {"Tampered", SCENE(s.plan.tampered = true), "nitro.document.signature "},
    {"SignatureTampered", SCENE(s.plan.tampered_signature = true), "nitro.document.signature "},
    {"SignedByAnotherKey", SCENE(s.plan.signer = "another"), "nitro.document.signature "},
    {"SignedByItsIssuer", SCENE(s.plan.signer = "instance"), "nitro.document.signature "},
    {"RootTampered", SCENE(s.plan.chain[0].tampered = true), "nitro.chain.signatures "},
    {"RegionTampered", SCENE(s.region().tampered = true), "nitro.chain.signatures "},
    {"InstanceTampered", SCENE(s.instance().tampered = true), "nitro.chain.signatures "},
    {"LeafTampered", SCENE(s.leaf().tampered = true), "nitro.chain.signatures "},
    {"LeafSignedByAnotherKey", SCENE(s.leaf().signer = "another"), "nitro.chain.signatures "},
    {"RootNotSelfSigned", SCENE(s.plan.chain[0].signer = "another"), "nitro.chain.signatures "},

    {"MadeInTheFuture",
     SCENE(s.plan.payload.set("timestamp", Cbor::integer((kNow.seconds + 1) * 1000))),
     "nitro.payload.not-from-future "},
    {"MadeInTheFarFuture",
     SCENE(s.plan.payload.set("timestamp", Cbor::unsigned_integer(UINT64_MAX))),
     "nitro.payload.not-from-future "},
    {"Stale",
     SCENE(s.plan.payload.set("timestamp", Cbor::integer((kNow.seconds - 601) * 1000 + 999))),
     "policy.age "},
    {"NoAgeAllowed", SCENE(s.policy.max_evidence_age_s = -1), "policy.age "},
    {"Debug",
     SCENE(s.plan.payload.set("pcrs", pcr_map({{0, Bytes(48)}, {1, Bytes(48)}, {2, Bytes(48)}}));
           s.policy.nitro->pcrs[0] = {pcr_of(0)}; s.policy.nitro->pcrs[2] = {pcr_of(0)}),
     "policy.debug "},
    {"DebugIsNoMatch",
     SCENE(s.plan.payload.set("pcrs", pcr_map({{0, Bytes(48)}, {1, Bytes(48)}, {2, Bytes(48)}}))),
     "policy.debug policy.measurement policy.pcrs "},
    {"NoSection", SCENE(s.policy.nitro.reset()), "policy.tee "},
    {"EmptySection", SCENE(s.policy.nitro.emplace()), "policy.measurement "},
    {"AnotherImage", SCENE(s.policy.nitro->pcrs[0] = {pcr_of(2)}), "policy.measurement "},
    {"AnotherApplication", SCENE(s.policy.nitro->pcrs[2] = {pcr_of(4)}), "policy.pcrs "},
    {"PcrMissing", SCENE(s.policy.nitro->pcrs[16] = {pcr_of(0)}), "policy.pcrs "},
    {"PcrOfZeros", SCENE(s.policy.nitro->pcrs[8] = {pcr_of(5)}), "policy.pcrs "},

    {"OtherClaims", SCENE(s.claims.push_back(0)), "claims.report-data "},
    {"NoUserData", SCENE(s.plan.payload.remove("user_data")), "claims.report-data "},
    {"NullUserData", SCENE(s.plan.payload.set("user_data", cbor_null())), "claims.report-data "},
    {"UserDataIsTheHashAlone", SCENE(s.plan.payload.set("user_data", Cbor::bytes(sha256(kClaims)))),
     "claims.report-data "},
    {"UserDataGoesOn",
     SCENE(Bytes longer = to_bytes(report_data()); longer.push_back(0);
           s.plan.payload.set("user_data", Cbor::bytes(longer))),
     "claims.report-data "},
    {"NonceIsNoUserData",
     SCENE(s.plan.payload.set("nonce", Cbor::bytes(report_data()));
           s.plan.payload.set("user_data", cbor_null())),
     "claims.report-data "},
};

class NitroFaults : public testing::TestWithParam<Row> {};

TEST_P(NitroFaults, IsNoticedByItsCheck) {
  Scene scene;
  GetParam().change(scene);
  const Verification v = scene.verify();
  EXPECT_EQ(failures_of(v), GetParam().failures);
  EXPECT_FALSE(v.ok());
}

INSTANTIATE_TEST_SUITE_P(All, NitroFaults, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(NitroFaultsTable, HasEveryCheck) {
  std::set<std::string> covered;
  for (const Row& row : kRows) {
    std::string id;
    for (const char c : std::string(row.failures)) {
      if (c != ' ') {
        id += c;
        continue;
      }
      covered.insert(id);
      id.clear();
    }
  }
  for (const CheckSpec& spec : nitro_check_specs()) {
    EXPECT_TRUE(covered.contains(spec.id.text)) << spec.id.text;
    EXPECT_NE(std::string(spec.id.advice), "") << spec.id.text;
  }
}

TEST(Nitro, ADocumentInGoodOrderVerifies) {
  const Scene scene;
  const Verification v = scene.verify();
  EXPECT_EQ(failures_of(v), "");
  ASSERT_NE(v.evidence(), nullptr);
  const VerifiedEvidence& e = *v.evidence();
  EXPECT_EQ(e.tee(), Tee::kNitro);
  EXPECT_TRUE(equal(e.measurement(), pcr_of(1)));
  ASSERT_NE(e.nitro(), nullptr);
  EXPECT_EQ(e.nitro()->module_id, "i-0123456789abcdef0-enc0123456789abcdef");
  for (size_t i = 0; i < 32; ++i) EXPECT_EQ(e.nitro()->pcrs[i].has_value(), i < 16) << i;
  EXPECT_EQ(e.tcb_status(), TcbStatus::kUpToDate);
  EXPECT_TRUE(e.advisories().empty());
  EXPECT_FALSE(e.debug());
  EXPECT_EQ(e.report_data(), report_data());
  EXPECT_EQ(e.verified_at(), kNow);
  const std::string json = to_json(v);
  EXPECT_TRUE(json.contains("\"module_id\":\"i-0123456789abcdef0-enc0123456789abcdef\""));
  EXPECT_TRUE(json.contains("\"pcr15\":\"" + std::string(96, '0') + "\""));
  EXPECT_FALSE(json.contains("\"pcr16\""));
  // Ten minutes from when it was made, long before the leaf's three hours are over.
  EXPECT_EQ(e.valid_until(), kNow + 600);
  EXPECT_EQ(e.fresh_until(), kNow + 600);
}

TEST(Nitro, OtherFormsOfAGoodDocumentVerify) {
  Scene open;
  open.plan.open_length = true;
  EXPECT_EQ(failures_of(open.verify()), "");

  Bytes tagged = Scene().plan.document();
  tagged.insert(tagged.begin(), 0xd2);
  EXPECT_EQ(failures_of(Scene().verify(tagged)), "");

  Scene nonce;
  nonce.plan.payload.set("nonce", Cbor::bytes(Bytes(1024, 1)));
  nonce.plan.payload.set("public_key", Cbor::bytes(Bytes(300, 2)));
  EXPECT_EQ(failures_of(nonce.verify()), "");

  Scene direct;  // the root issues the leaf
  direct.plan.chain.erase(direct.plan.chain.begin() + 1, direct.plan.chain.end() - 1);
  EXPECT_EQ(failures_of(direct.verify()), "");

  Scene no_limits;
  for (NitroPart& part : no_limits.plan.chain) part.path_len.reset();
  EXPECT_EQ(failures_of(no_limits.verify()), "");
}

TEST(Nitro, OtherTagsAndTrailingBytesAreRefused) {
  const Bytes document = Scene().plan.document();
  for (const char* tag : {"d1", "d83d", "d812", "d2d2"}) {
    Bytes tagged = from_hex(tag).value();
    append(tagged, document);
    EXPECT_EQ(failures_of(Scene().verify(tagged)), "nitro.document.layout ") << tag;
  }
  Bytes longer = document;
  longer.push_back(0);
  EXPECT_EQ(failures_of(Scene().verify(longer)), "nitro.document.layout ");
  longer.resize(kMaxNitroDocument + 1);
  EXPECT_EQ(failures_of(Scene().verify(longer)), "nitro.document.layout ");
  EXPECT_EQ(failures_of(Scene().verify(Bytes())), "nitro.document.layout ");
}

TEST(Nitro, DebugVerifiesOnlyWhereThePolicySaysSo) {
  Scene scene;
  scene.plan.payload.set("pcrs", pcr_map({{0, Bytes(48)}, {1, Bytes(48)}, {2, Bytes(48)}}));
  scene.policy.nitro.emplace().pcrs[0] = {pcr_of(0)};
  EXPECT_EQ(failures_of(scene.verify()), "policy.debug ");
  scene.policy.allow_debug = true;
  const Verification v = scene.verify();
  EXPECT_EQ(failures_of(v), "");
  EXPECT_TRUE(v.evidence()->debug());
  // One register at zero suffices to be taken for debug.
  scene.policy.allow_debug = false;
  scene.plan.payload.set("pcrs", pcr_map({{0, Bytes(48, 1)}, {1, Bytes(48)}, {2, Bytes(48, 3)}}));
  scene.policy.nitro->pcrs[0] = {pcr_of(1)};
  EXPECT_EQ(failures_of(scene.verify()), "policy.debug ");
}

TEST(Nitro, IsValidToTheLastSecondAndNoLonger) {
  Scene scene;
  scene.policy.max_evidence_age_s = 366 * 86400;
  const Time end = scene.leaf().to;
  scene.now = end;
  const Bytes document = scene.plan.document();
  const Verification last = scene.verify(document);
  EXPECT_EQ(failures_of(last), "");
  EXPECT_EQ(last.evidence()->valid_until(), end);
  EXPECT_EQ(last.evidence()->fresh_until(), end);
  scene.now = end + 1;
  EXPECT_EQ(failures_of(scene.verify(document)), "nitro.chain.validity ");
}

TEST(Nitro, IsRefusedAsOtherEvidence) {
  const Scene scene;
  const Verification v = verify({Tee::kSgx, scene.plan.document()}, scene.claims, {}, scene.policy,
                                scene.roots, scene.now);
  EXPECT_EQ(failures_of(v),
            "sgx.quote.version sgx.quote.key-type sgx.quote.tee-type sgx.quote.vendor ");
}

// Real r and s are never zero, nor at or above the group order.
TEST(Nitro, NumbersOutsideTheGroupAreRefused) {
  const Bytes order =
      from_hex(
          "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77a"
          "ecec196accc52973")
          .value();
  const Bytes document = Scene().plan.document();
  for (const Bytes& number : {Bytes(48), Bytes(48, 0xff), order}) {
    for (const size_t at : {document.size() - 96, document.size() - 48}) {
      Bytes changed = document;
      std::ranges::copy(number, changed.begin() + static_cast<ptrdiff_t>(at));
      EXPECT_EQ(failures_of(Scene().verify(changed)), "nitro.document.signature ");
    }
  }
}

}  // namespace
}  // namespace blindai
