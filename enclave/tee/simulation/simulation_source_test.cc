#include "enclave/tee/simulation/simulation_source.h"

#include <gtest/gtest.h>

#include "lib/attest/verify.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};
constexpr int64_t kDay = 24 * 3600;

class SimulationSourceTest : public testing::Test {
 protected:
  Verification verified(const TrustRoots& roots, Time when) {
    return verify(source.evidence(report_data_of(claims)).value(), claims,
                  source.collateral().value(), policy, roots, when);
  }
  static std::string failures(const Verification& v) {
    std::string out;
    for (const Check& c : v.checks())
      if (c.state == CheckState::kFailed) out += std::string(c.name()) + " ";
    return out;
  }

  Time now = kNow;
  const Bytes claims = Bytes(100, 7);
  const Sha256Digest measurement = sha256(as_bytes("programs"));
  SimulationSource source{measurement, [this] { return now; }};
  const Policy policy = {.sgx = SgxPolicy{.mr_enclave = {measurement},
                                          .mr_signer = {},
                                          .isv_prod_id = {},
                                          .min_isv_svn = {},
                                          .misc_select = {},
                                          .attributes = {}},
                         .tcb_statuses = {TcbStatus::kUpToDate},
                         .advisories = {},
                         .configurations = {},
                         .min_tcb_evaluation_number = 17,
                         .max_evidence_age_s = 3600,
                         .allow_debug = false};
};

TEST_F(SimulationSourceTest, VerifiesUnderTheSimulationRoots) {
  const Verification v = verified(simulation_roots(), now);
  ASSERT_TRUE(v.ok()) << failures(v);
  EXPECT_TRUE(equal(v.evidence()->measurement(), measurement));
  EXPECT_EQ(v.evidence()->report_data(), report_data_of(claims));
  EXPECT_EQ(v.evidence()->tcb_status(), TcbStatus::kUpToDate);
  EXPECT_TRUE(v.evidence()->advisories().empty());
  EXPECT_FALSE(v.evidence()->debug());
  EXPECT_TRUE(source.is_simulation());
  EXPECT_EQ(source.tee(), Tee::kSgx);
}

TEST_F(SimulationSourceTest, NeverVerifiesUnderTheProductionRoots) {
  const Verification v = verified(production_roots(), now);
  EXPECT_FALSE(v.ok());
  EXPECT_EQ(failures(v), "sgx.pck.root ");
  EXPECT_EQ(verified({}, now).first_failure()->name(), "sgx.pck.root");
}

TEST_F(SimulationSourceTest, TheSimulationRootsAreNotAmongTheProductionRoots) {
  for (const Sha256Digest& root : production_roots().intel_sgx)
    EXPECT_NE(root, kSimulationRootSpkiHash);
}

TEST_F(SimulationSourceTest, ThePinnedRootIsTheDerivedKeys) {
  EXPECT_EQ(to_hex(sha256(simulation_key("root").spki())), to_hex(kSimulationRootSpkiHash));
}

TEST_F(SimulationSourceTest, VouchesForTheseClaimsAndThisProgramOnly) {
  const Evidence evidence = source.evidence(report_data_of(claims)).value();
  const Collateral collateral = source.collateral().value();
  Bytes other = claims;
  other[0] ^= 1;
  EXPECT_EQ(failures(verify(evidence, other, collateral, policy, simulation_roots(), now)),
            "claims.report-data ");
  Policy strict = policy;
  strict.sgx->mr_enclave = {sha256(as_bytes("other programs"))};
  EXPECT_EQ(failures(verify(evidence, claims, collateral, strict, simulation_roots(), now)),
            "policy.measurement ");
}

TEST_F(SimulationSourceTest, RenewsWhatRunsOut) {
  const Collateral first = source.collateral().value();
  now = kNow + (kDay - 1);
  EXPECT_EQ(source.collateral()->tcb_info, first.tcb_info);
  now = kNow + kDay;
  EXPECT_NE(source.collateral()->tcb_info, first.tcb_info);
  // A server that has run for years answers as on its first day.
  now = kNow + 3650 * kDay;
  EXPECT_TRUE(verified(simulation_roots(), now).ok());
  // A clock that was set back does not leave collateral from the future behind.
  now = kNow + -400 * kDay;
  EXPECT_TRUE(verified(simulation_roots(), now).ok());
}

TEST_F(SimulationSourceTest, EvidenceOfTheFirstDayVerifiesWithLaterCollateral) {
  const Evidence evidence = source.evidence(report_data_of(claims)).value();
  now = kNow + 300 * kDay;
  const Verification v =
      verify(evidence, claims, source.collateral().value(), policy, simulation_roots(), now);
  EXPECT_TRUE(v.ok()) << failures(v);
}

TEST_F(SimulationSourceTest, CollateralIsStaleAMonthLater) {
  const Evidence evidence = source.evidence(report_data_of(claims)).value();
  const Collateral collateral = source.collateral().value();
  const auto at = [&](Time when) {
    return failures(verify(evidence, claims, collateral, policy, simulation_roots(), when));
  };
  EXPECT_EQ(at(kNow + 30 * kDay), "");
  EXPECT_EQ(at(kNow + (30 * kDay + 1)),
            "sgx.root-crl.validity sgx.pck-crl.validity sgx.tcb-info.validity "
            "sgx.qe-identity.validity ");
}

// The quote is what hardware would sign: nothing in it may change unseen.
TEST_F(SimulationSourceTest, NoByteOfTheQuoteMayChange) {
  const Evidence good = source.evidence(report_data_of(claims)).value();
  const Collateral collateral = source.collateral().value();
  // Header and report, lengths, signatures, keys and the QE's report; then a part of the PEM.
  for (size_t at = 0; at < 1060 + 64; ++at) {
    Evidence changed = good;
    changed.quote[at] = static_cast<uint8_t>(changed.quote[at] ^ (1u << (at % 8)));
    EXPECT_FALSE(verify(changed, claims, collateral, policy, simulation_roots(), now).ok()) << at;
  }
}

}  // namespace
}  // namespace blindai
