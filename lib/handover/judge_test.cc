#include "lib/handover/judge.h"

#include <gtest/gtest.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "enclave/tee/simulation/snp_simulation_source.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/handover/release.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};
const Sha256Digest kProgram = sha256(as_bytes("new programs"));
const std::string kConfig = "max_models = 3\n";

// A new server's offer, made the way it makes one, and the old server's rules.
class JudgeTest : public testing::Test {
 protected:
  JudgeTest() {
    exporter_.fill(0x0e);
    policy_.sgx.emplace().mr_enclave = {kProgram};
    policy_.tcb_statuses = {TcbStatus::kUpToDate};
    policy_.configurations.values = {sha256(as_bytes(kConfig))};
    policy_.max_evidence_age_s = 60;
  }
  HandoverOffer offer_over(Bytes claims, SimulationFaults faults = {},
                           SimulatedQuote format = SimulatedQuote::kSgxV3) const {
    SimulationSource source(kProgram, [] { return kNow; }, std::move(faults), format);
    Evidence evidence = source.evidence(report_data_of(claims)).value();
    return {.evidence = std::move(evidence),
            .claims = std::move(claims),
            .collateral = source.collateral().value(),
            .config = kConfig,
            .keeps = true};
  }
  HandoverOffer offer() const { return offer_over(encode_handover_claims(claims())); }
  HandoverClaims claims() const {
    return {.config_hash = sha256(as_bytes(kConfig)),
            .exporter = exporter_,
            .handover_key = key_.public_key()};
  }
  std::string judged(const HandoverOffer& offer) const {
    const auto accepted = judge_offer(offer, exporter_, policy_, simulation_roots(), kNow);
    if (accepted.has_value()) return "";
    EXPECT_EQ(accepted.error().code, Code::kDenied);
    return std::string(accepted.error().name());
  }

  ByteArray<32> exporter_;
  HpkeKey key_;
  Policy policy_;
};

TEST_F(JudgeTest, AcceptsWhatThePolicyNames) {
  const auto accepted = judge_offer(offer(), exporter_, policy_, simulation_roots(), kNow);
  ASSERT_TRUE(accepted.has_value()) << accepted.error().sentence;
  EXPECT_EQ(accepted->handover_key(), key_.public_key());
  EXPECT_EQ(accepted->release(), release_id_sgx(kProgram, sha256(as_bytes(kConfig))));
}

TEST_F(JudgeTest, RefusesEverythingElseByTheCheckThatFailed) {
  HandoverOffer spoilt = offer();
  spoilt.evidence.quote[400] ^= 1;
  EXPECT_EQ(judged(spoilt), "sgx.quote.signature");
  spoilt = offer();
  spoilt.collateral.tcb_info.clear();
  EXPECT_EQ(judged(spoilt), "sgx.tcb-info.envelope");
  spoilt = offer();
  spoilt.claims.back() ^= 1;
  EXPECT_EQ(judged(spoilt), "claims.report-data");
  spoilt = offer();
  spoilt.config += " ";
  EXPECT_EQ(judged(spoilt), "handover.config");
  HandoverClaims other = claims();
  other.exporter[0] ^= 1;
  EXPECT_EQ(judged(offer_over(encode_handover_claims(other))), "handover.exporter");
  other = claims();
  other.config_hash[0] ^= 1;
  EXPECT_EQ(judged(offer_over(encode_handover_claims(other))), "handover.config");
  EXPECT_EQ(judged(offer_over(to_bytes(as_bytes("claims")))), "handover.claims");
  const Claims of_server{.tls_key_hash = {},
                         .config_hash = sha256(as_bytes(kConfig)),
                         .receipt_key_hash = {},
                         .nonce = ByteArray<32>{},
                         .exporter = exporter_};
  EXPECT_EQ(judged(offer_over(encode_claims(of_server))), "handover.claims");
  SimulationFaults debug;
  debug.debug = true;
  EXPECT_EQ(judged(offer_over(encode_handover_claims(claims()), debug)), "policy.debug");
}

TEST_F(JudgeTest, RefusesWhatThePolicyDoesNotName) {
  const Policy good = policy_;
  policy_.sgx->mr_enclave = {Sha256Digest{}};
  EXPECT_EQ(judged(offer()), "policy.measurement");
  policy_ = good;
  policy_.configurations.values = {Sha256Digest{}};
  EXPECT_EQ(judged(offer()), "handover.config-accepted");
  policy_ = good;
  policy_.tcb_statuses = {TcbStatus::kOutOfDate};
  EXPECT_EQ(judged(offer()), "policy.tcb-status");
  policy_ = Policy();
  EXPECT_NE(judged(offer()), "");
  EXPECT_EQ(judge_offer(offer(), exporter_, good, production_roots(), kNow).error().name(),
            "sgx.pck.root");
}

// With an owner's consent the program is whatever the evidence says, and the release id, which the
// owner wrote down, is what decides.
TEST_F(JudgeTest, NamesTheReleaseOfAnyProgram) {
  const Sha256Digest config = sha256(as_bytes(kConfig));
  for (const SimulatedQuote format :
       {SimulatedQuote::kSgxV3, SimulatedQuote::kTdxV4, SimulatedQuote::kTdxV5Td15}) {
    const HandoverOffer one = offer_over(encode_handover_claims(claims()), {}, format);
    policy_ = policy_for_program_in(one.evidence, strictest_platform());
    const auto accepted = judge_offer(one, exporter_, policy_, simulation_roots(), kNow);
    ASSERT_TRUE(accepted.has_value()) << accepted.error().sentence;
    EXPECT_EQ(accepted->release() == release_id_sgx(kProgram, config),
              format == SimulatedQuote::kSgxV3);
    HandoverOffer other = one;
    SimulationFaults old;
    old.at_older_tcb_level = true;
    EXPECT_EQ(judged(offer_over(encode_handover_claims(claims()), old, format)),
              "policy.tcb-status");
  }
  EXPECT_NE(release_id_sgx(kProgram, config), release_id_sgx(config, kProgram));
}

TEST_F(JudgeTest, AcceptsNoProgramOfAnotherQuoteOrOfNone) {
  const HandoverOffer one = offer();
  SimulationSource other(sha256(as_bytes("other")), [] { return kNow; });
  policy_ = policy_for_program_in(other.evidence({}).value(), strictest_platform());
  EXPECT_EQ(judged(one), "policy.measurement");
  policy_ = policy_for_program_in({Tee::kSgx, Bytes(30)}, strictest_platform());
  EXPECT_EQ(judged(one), "policy.measurement");
  for (const Tee tee : {Tee::kTdx, Tee::kSnp, Tee::kNitro}) {
    policy_ = policy_for_program_in({tee, one.evidence.quote}, strictest_platform());
    EXPECT_EQ(judged(one), "policy.measurement");
  }
}

// SEV-SNP needs floors, which only a configuration says.
TEST_F(JudgeTest, AsksForTheFloorsOfSnp) {
  const Bytes claims = encode_handover_claims(this->claims());
  const ByteArray<48> measurement{1, 2, 3};
  SnpSimulationSource source(measurement, {}, [] { return kNow; });
  const HandoverOffer one{.evidence = source.evidence(report_data_of(claims)).value(),
                          .claims = claims,
                          .collateral = source.collateral().value(),
                          .config = kConfig,
                          .keeps = true};
  policy_ = policy_for_program_in(one.evidence, strictest_platform());
  EXPECT_EQ(judged(one), "policy.product");
  Policy platform = strictest_platform();
  platform.snp->min_tcb_milan = SnpTcb{};
  platform.snp->min_tcb_genoa = SnpTcb{};
  platform.snp->min_tcb_turin = SnpTcb{};
  policy_ = policy_for_program_in(one.evidence, platform);
  EXPECT_EQ(judged(one), "");
}

}  // namespace
}  // namespace blindai
