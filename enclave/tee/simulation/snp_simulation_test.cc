#include <gtest/gtest.h>

#include "enclave/tee/simulation/snp_simulation_source.h"
#include "lib/attest/verify.h"
#include "lib/base/der_writer.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr Time kSnpNow{1795000000};
constexpr int64_t kSnpDay = 24 * 3600;
constexpr SnpProduct kProducts[] = {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin};
constexpr SnpSigningKey kKeys[] = {SnpSigningKey::kVcek, SnpSigningKey::kVlek};

class SnpSimulationTest : public testing::Test {
 protected:
  SnpSimulationTest() {
    measurement.fill(0x42);
    SnpPolicy& snp = policy.snp.emplace();
    snp.measurement = {measurement};
    snp.min_tcb_milan = SnpSimulation::tcb(SnpProduct::kMilan);
    snp.min_tcb_genoa = SnpSimulation::tcb(SnpProduct::kGenoa);
    snp.min_tcb_turin = SnpSimulation::tcb(SnpProduct::kTurin);
    snp.allow_vlek = true;
    policy.max_evidence_age_s = 3600;
  }
  Verification verified(const SnpSimulation& s, const TrustRoots& roots,
                        Time when = kSnpNow) const {
    return verify({Tee::kSnp, s.report(measurement, report_data_of(claims))}, claims,
                  s.collateral(), policy, roots, when);
  }
  static std::string failures(const Verification& v) {
    std::string out;
    for (const Check& c : v.checks())
      if (c.state == CheckState::kFailed) out += std::string(c.name()) + " ";
    return out;
  }

  const Bytes claims = Bytes(100, 7);
  ByteArray<48> measurement;
  Policy policy;
};

TEST_F(SnpSimulationTest, EveryProductKeyAndVersionVerifies) {
  for (const SnpProduct product : kProducts)
    for (const SnpSigningKey key : kKeys)
      for (uint32_t version = 2; version <= 5; ++version) {
        const Verification v =
            verified(SnpSimulation({product, key, version}, kSnpNow), simulation_roots());
        ASSERT_TRUE(v.ok()) << name_of(product) << " version " << version << ": " << failures(v);
        const SnpIdentity& id = *v.evidence()->snp();
        EXPECT_EQ(v.evidence()->tee(), Tee::kSnp);
        EXPECT_EQ(id.product, name_of(product));
        EXPECT_EQ(id.measurement, measurement);
        EXPECT_EQ(id.guest_svn, 1u);
        EXPECT_EQ(id.vmpl, 0u);
        EXPECT_EQ(id.guest_policy, 0x20000u);
        EXPECT_TRUE(equal(v.evidence()->measurement(), measurement));
        EXPECT_EQ(v.evidence()->report_data(), report_data_of(claims));
        EXPECT_FALSE(v.evidence()->debug());
        EXPECT_EQ(v.evidence()->valid_until(), kSnpNow + 30 * kSnpDay);
        EXPECT_EQ(v.evidence()->fresh_until(), kSnpNow + 3600);
        for (const Check& c : v.checks()) {
          EXPECT_FALSE(c.expected.empty()) << c.name();
          EXPECT_FALSE(c.found.empty()) << c.name();
        }
      }
}

TEST_F(SnpSimulationTest, NeverVerifiesUnderTheProductionRoots) {
  for (const SnpProduct product : kProducts) {
    const SnpSimulation s({product, SnpSigningKey::kVcek, 5}, kSnpNow);
    EXPECT_EQ(failures(verified(s, production_roots())), "snp.chain.root ");
    EXPECT_EQ(failures(verified(s, {})), "snp.chain.root ");
  }
}

TEST_F(SnpSimulationTest, ARootCountsForItsProductOnly) {
  TrustRoots roots = simulation_roots();
  std::swap(roots.amd_milan, roots.amd_genoa);
  for (const SnpProduct product : {SnpProduct::kMilan, SnpProduct::kGenoa})
    EXPECT_EQ(failures(verified(SnpSimulation({product, SnpSigningKey::kVcek, 5}, kSnpNow), roots)),
              "snp.chain.root ");
}

TEST_F(SnpSimulationTest, ThePinnedRootsAreTheDerivedKeys) {
  const TrustRoots roots = simulation_roots();
  EXPECT_EQ(roots.amd_milan.at(0), sha256(snp_simulation_key("ARK-Milan").spki()));
  EXPECT_EQ(roots.amd_genoa.at(0), sha256(snp_simulation_key("ARK-Genoa").spki()));
  EXPECT_EQ(roots.amd_turin.at(0), sha256(snp_simulation_key("ARK-Turin").spki()));
}

TEST_F(SnpSimulationTest, HwidMayBeWrappedInAnOctetString) {
  for (const SnpProduct product : kProducts) {
    const size_t length = product == SnpProduct::kTurin ? 8 : 64;
    const ByteArray<64> chip = SnpSimulation::chip_id(product);
    SnpFaults wrapped;
    wrapped.extensions = {
        {"1.3.6.1.4.1.3704.1.4", der_octet_string(BytesView(chip).first(length))}};
    const Verification v = verified(
        SnpSimulation({product, SnpSigningKey::kVcek, 5}, kSnpNow, wrapped), simulation_roots());
    EXPECT_TRUE(v.ok()) << failures(v);
  }
}

// With and without the chip's name: masking the one says nothing of the other.
TEST_F(SnpSimulationTest, MaskedChipKeyIsFineWithAVlek) {
  SnpFaults masked;
  masked.signed_patches = {{0x48, {1 << 2 | 2}}};
  for (const bool named : {true, false}) {
    if (!named) masked.signed_patches.push_back({0x1a0, Bytes(64, 0)});
    for (const SnpProduct product : kProducts) {
      const Verification v = verified(
          SnpSimulation({product, SnpSigningKey::kVlek, 5}, kSnpNow, masked), simulation_roots());
      EXPECT_TRUE(v.ok()) << failures(v);
    }
  }
}

// Firmware may be updated and committed under a running guest; what it was launched with is then
// below all others, and the policy's floor alone judges it.
TEST_F(SnpSimulationTest, AGuestMayBeOlderThanTheCommittedFirmware) {
  SnpFaults updated;
  updated.signed_patches = {{0x1f0 + 6, {0x17}}};
  policy.snp->min_tcb_milan->snp = 0x17;
  const Verification v = verified(SnpSimulation({}, kSnpNow, updated), simulation_roots());
  EXPECT_TRUE(v.ok()) << failures(v);
}

TEST_F(SnpSimulationTest, PolicyCanAcceptWhatItRefusesByDefault) {
  SnpFaults loose;
  loose.signed_patches = {{0x08, {0, 0, 0x0f}}, {0x30, {2}}, {0x48, {1}}, {0x110, {9}}};
  const SnpSimulation s({SnpProduct::kMilan, SnpSigningKey::kVcek, 5}, kSnpNow, loose);
  EXPECT_EQ(failures(verified(s, simulation_roots())),
            "policy.debug policy.vmpl policy.migration-agent policy.smt ");
  policy.allow_debug = true;
  policy.snp->max_vmpl = 2;
  policy.snp->allow_migration_agent = true;
  policy.snp->allow_smt = true;
  policy.snp->author_key_digest = {{9}};
  policy.snp->min_guest_svn = 1;
  policy.snp->min_mitigations = 1;
  policy.snp->chip_id = {{1}, SnpSimulation::chip_id(SnpProduct::kMilan)};
  policy.snp->host_data = ByteArray<32>{};
  const Verification v = verified(s, simulation_roots());
  ASSERT_TRUE(v.ok()) << failures(v);
  EXPECT_TRUE(v.evidence()->debug());
}

// Milan has no FMC, so that a floor for it says nothing.
TEST_F(SnpSimulationTest, FmcIsJudgedOnTurinOnly) {
  policy.snp->min_tcb_milan->fmc = 200;
  EXPECT_TRUE(verified(SnpSimulation({}, kSnpNow), simulation_roots()).ok());
}

TEST_F(SnpSimulationTest, IsValidToTheLastSecondOfItsCrl) {
  const SnpSimulation s({}, kSnpNow);
  EXPECT_TRUE(verified(s, simulation_roots(), kSnpNow + 30 * kSnpDay).ok());
  const Verification late = verified(s, simulation_roots(), kSnpNow + (30 * kSnpDay + 1));
  EXPECT_EQ(failures(late), "snp.crl.validity ");
  EXPECT_EQ(late.problem().code, Code::kStale);
}

TEST_F(SnpSimulationTest, SourceRenewsWhatRunsOut) {
  Time now = kSnpNow;
  SnpSimulationSource source(measurement, {}, [&now] { return now; });
  const auto ok = [&] {
    return verify(source.evidence(report_data_of(claims)).value(), claims,
                  source.collateral().value(), policy, simulation_roots(), now)
        .ok();
  };
  EXPECT_TRUE(source.is_simulation());
  EXPECT_EQ(source.tee(), Tee::kSnp);
  const Bytes first = source.collateral()->vek_crl;
  now = kSnpNow + (kSnpDay - 1);
  EXPECT_EQ(source.collateral()->vek_crl, first);
  now = kSnpNow + kSnpDay;
  EXPECT_NE(source.collateral()->vek_crl, first);
  now = kSnpNow + 3650 * kSnpDay;
  EXPECT_TRUE(ok());
  now = kSnpNow + -400 * kSnpDay;  // a clock that was set back
  EXPECT_TRUE(ok());
}

}  // namespace
}  // namespace blindai
