// A Nitro enclave's whole way to a client: claims, document, certificate, verification, binding.
#include <gtest/gtest.h>

#include "lib/channel/attestation_message.h"
#include "lib/channel/binding.h"
#include "lib/channel/certificate.h"
#include "tests/support/nitro_pki.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};

class NitroChannelTest : public testing::Test {
 protected:
  NitroChannelTest() {
    policy.nitro.emplace().pcrs[0] = {ByteArray<48>()};
    policy.nitro->pcrs[0][0].fill(1);
    policy.max_evidence_age_s = 300;
    policy.configurations.any = true;
  }
  Verification judged(const Evidence& evidence, BytesView wire) const {
    return verify(evidence, wire, {}, policy, {.aws_nitro = {nitro_test_root()}}, kNow);
  }
  Evidence evidence_for(BytesView wire) const {
    return {Tee::kNitro, NitroPlan(kNow, report_data_of(wire)).document()};
  }

  Policy policy;
  const SigningKey key = SigningKey::generate(), receipt_key = SigningKey::generate();
  const std::string config = "limit = 1\n";
  const Bytes tls_spki = key.spki(), receipt_spki = receipt_key.spki();
  const ChannelFacts here = {
      .tls_spki = tls_spki, .config = as_bytes(config), .receipt_key_spki = receipt_spki};
  const Claims boot = {.tls_key_hash = sha256(tls_spki),
                       .config_hash = sha256(as_bytes(config)),
                       .receipt_key_hash = sha256(receipt_spki),
                       .nonce = {},
                       .exporter = {}};
};

TEST_F(NitroChannelTest, ACertificateIsReadVerifiedAndBound) {
  const Bytes wire = encode_claims(boot);
  const Bytes der = make_certificate(key, evidence_for(wire), wire, kNow, kNow + 3600).value();
  const auto read = read_certificate(der);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->evidence.tee, Tee::kNitro);
  const Verification v = judged(read->evidence, read->claims);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  const Binding bound = bind_certificate(*v.evidence(), read->claims, here, policy.configurations);
  EXPECT_TRUE(bound.ok()) << bound.problem().sentence;

  const Bytes other = SigningKey::generate().spki();
  ChannelFacts elsewhere = here;
  elsewhere.tls_spki = other;
  EXPECT_EQ(bind_certificate(*v.evidence(), read->claims, elsewhere, policy.configurations)
                .first_failure()
                ->name(),
            "channel.key");
}

TEST_F(NitroChannelTest, AMessageIsReadVerifiedAndBoundToItsConnection) {
  const Freshness fresh = {.nonce = sha256(as_bytes("nonce")),
                           .exporter = sha256(as_bytes("exporter"))};
  Claims live = boot;
  live.nonce = fresh.nonce;
  live.exporter = fresh.exporter;
  const Bytes wire = encode_claims(live);
  const std::string text = encode_attestation_message({.evidence = evidence_for(wire),
                                                       .claims = wire,
                                                       .collateral = {},
                                                       .config = config,
                                                       .receipt_key_spki = receipt_spki})
                               .value();
  const auto read = decode_attestation_message(text);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  const Verification v = judged(read->evidence, read->claims);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_TRUE(bind_fresh(*v.evidence(), read->claims, here, fresh, policy.configurations).ok());
  Freshness later = fresh;
  later.exporter = sha256(as_bytes("another connection"));
  EXPECT_EQ(bind_fresh(*v.evidence(), read->claims, here, later, policy.configurations)
                .first_failure()
                ->name(),
            "channel.exporter");
}

// Claims and evidence of two certificates do not go together, each in order by itself.
TEST_F(NitroChannelTest, MembersOfTheCollectionCannotBeExchanged) {
  const Bytes wire = encode_claims(boot);
  Claims other = boot;
  other.config_hash = sha256(as_bytes("another configuration"));
  const Bytes der =
      make_certificate(key, evidence_for(encode_claims(other)), wire, kNow, kNow + 3600).value();
  const auto read = read_certificate(der);
  ASSERT_TRUE(read.has_value());
  const Verification v = judged(read->evidence, read->claims);
  EXPECT_FALSE(v.ok());
  EXPECT_EQ(v.first_failure()->name(), "claims.report-data");
}

}  // namespace
}  // namespace blindai
