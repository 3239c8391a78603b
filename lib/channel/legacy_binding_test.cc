// Evidence for a key alone, as Gramine and the SGX SDK make it, from the simulated platform.
#include <gtest/gtest.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/base/cbor.h"
#include "lib/channel/claims.h"
#include "lib/channel/legacy_certificate.h"
#include "lib/channel/simulation_root.h"
#include "lib/channel/tagged_evidence.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr Time kLegacyNow{1795000000};

class LegacyBindingTest : public testing::Test {
 protected:
  // A certificate of `key` whose quote has this report_data; with these claims beside it, it is of
  // the SGX SDK, else of Gramine.
  LegacyCertificate certificate(const ByteArray<64>& report_data, const Bytes& beside = {}) {
    const Bytes quote = source.evidence(report_data)->quote;
    std::vector<X509Extension> extensions = {
        {beside.empty() ? "0.6.9.42.840.113741.1337.6" : "1.2.840.113741.1.13.1", false, quote}};
    if (!beside.empty())
      extensions.push_back({"2.23.133.5.4.9", false, encode_tagged_evidence(quote, beside)});
    return read_legacy_certificate(write_certificate({.serial = {1},
                                                      .issuer = {.common_name = "RATLS"},
                                                      .subject = {.common_name = "RATLS"},
                                                      .not_before = kLegacyNow,
                                                      .not_after = kLegacyNow,
                                                      .extensions = std::move(extensions)},
                                                     key, key))
        .value();
  }
  Verification verified(const LegacyCertificate& c, BytesView claims) {
    Policy policy;
    policy.sgx.emplace().mr_enclave = {sha256(as_bytes("programs"))};
    policy.tcb_statuses = {TcbStatus::kUpToDate};
    policy.max_evidence_age_s = 3600;
    return verify(c.evidence, claims, source.collateral().value(), policy, simulation_roots(),
                  kLegacyNow);
  }

  SimulationSource source{sha256(as_bytes("programs")), [] { return kLegacyNow; }};
  const SigningKey key = SigningKey::generate();
};

TEST_F(LegacyBindingTest, HoldsForTheKeyThatWasHashed) {
  const LegacyCertificate c = certificate(report_data_of(key.spki()));
  const Verification v = verified(c, c.spki);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  const LegacyBinding b = bind_legacy(*v.evidence(), c, key.spki());
  EXPECT_TRUE(b.ok());
  ASSERT_EQ(b.checks.size(), 3u);
  EXPECT_EQ(b.find("legacy.bound")->state, CheckState::kPassed);
  EXPECT_EQ(b.find("legacy.key")->state, CheckState::kPassed);
  EXPECT_EQ(b.find("legacy.tls-key")->state, CheckState::kPassed);
}

TEST_F(LegacyBindingTest, FailsForAnotherKey) {
  const Bytes other = SigningKey::generate().spki();
  const LegacyCertificate good = certificate(report_data_of(key.spki()));
  const Verification v = verified(good, good.spki);
  ASSERT_TRUE(v.ok());
  LegacyBinding b = bind_legacy(*v.evidence(), good, other);
  EXPECT_FALSE(b.ok());
  EXPECT_EQ(b.find("legacy.key")->state, CheckState::kPassed);
  EXPECT_EQ(b.find("legacy.tls-key")->state, CheckState::kFailed);

  // Somebody else's evidence in a certificate of one's own.
  const LegacyCertificate stolen = certificate(report_data_of(other));
  EXPECT_EQ(verified(stolen, stolen.spki).first_failure()->name(), "claims.report-data");
  const Verification theirs = verified(stolen, other);
  ASSERT_TRUE(theirs.ok());
  b = bind_legacy(*theirs.evidence(), stolen, key.spki());
  EXPECT_FALSE(b.ok());
  EXPECT_EQ(b.find("legacy.bound")->state, CheckState::kFailed);
  EXPECT_EQ(b.find("legacy.key")->state, CheckState::kPassed);
}

TEST_F(LegacyBindingTest, HoldsForClaimsThatHaveTheKeysHash) {
  const auto claims_of = [](BytesView hash_entry) {
    return Cbor::map({{Cbor::text("pubkey-hash"), Cbor::bytes(hash_entry)},
                      {Cbor::text("other"), Cbor::integer(1)}})
        .encode();
  };
  const Bytes own = claims_of(encode_key_hash(sha256(key.spki())));
  const LegacyCertificate c = certificate(report_data_of(own), own);
  EXPECT_EQ(c.form, LegacyForm::kSgxSdk);
  EXPECT_EQ(c.bound, own);
  const Verification v = verified(c, c.bound);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_TRUE(bind_legacy(*v.evidence(), c, key.spki()).ok());

  const Sha256Digest other = sha256(SigningKey::generate().spki());
  for (const Bytes& wrong :
       {claims_of(encode_key_hash(other)), claims_of(sha256(key.spki())), claims_of({}),
        Cbor::map({{Cbor::text("pubkey-hash"), Cbor::integer(1)}}).encode(), Bytes{0xa0}}) {
    const LegacyCertificate bad = certificate(report_data_of(wrong), wrong);
    const Verification genuine = verified(bad, bad.bound);
    ASSERT_TRUE(genuine.ok());
    const LegacyBinding b = bind_legacy(*genuine.evidence(), bad, key.spki());
    EXPECT_FALSE(b.ok());
    EXPECT_EQ(b.find("legacy.bound")->state, CheckState::kPassed);
    EXPECT_EQ(b.find("legacy.key")->state, CheckState::kFailed);
  }
}

TEST_F(LegacyBindingTest, KeysAndClaimsAreNeverTakenForEachOther) {
  EXPECT_FALSE(parse_claims(key.spki()).has_value());
  const Bytes claims = encode_claims({.tls_key_hash = sha256(key.spki()),
                                      .config_hash = {},
                                      .receipt_key_hash = {},
                                      .nonce = {},
                                      .exporter = {}});
  const LegacyCertificate c = certificate(report_data_of(claims));
  EXPECT_EQ(verified(c, c.spki).first_failure()->name(), "claims.report-data");
  const Verification ours = verified(c, claims);
  ASSERT_TRUE(ours.ok());
  EXPECT_EQ(bind_legacy(*ours.evidence(), c, key.spki()).find("legacy.bound")->state,
            CheckState::kFailed);
}

}  // namespace
}  // namespace blindai
