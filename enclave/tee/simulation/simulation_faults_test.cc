// Each way in which a platform can be wrong, and the one check that notices it.
#include <gtest/gtest.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/attest/verify.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};

struct Row {
  const char* name;
  SimulationFaults faults;
  // Every check that has to fail, in order, each followed by a space. All others pass or are not
  // reached.
  const char* failures;
};

SimulationFaults with(auto change) {
  SimulationFaults out;
  change(out);
  return out;
}
#define FAULT(statement) with([](SimulationFaults& f) { f.statement; })

const Row kRows[] = {
    {"OtherRoot", FAULT(other_root = true), "sgx.pck.root "},
    {"RootExpired", FAULT(root = InForce::kNoLonger),
     "sgx.pck.validity sgx.tcb-info.signer-validity sgx.qe-identity.signer-validity "},
    {"RootNotYetValid", FAULT(root = InForce::kNotYet),
     "sgx.pck.validity sgx.tcb-info.signer-validity sgx.qe-identity.signer-validity "},
    {"PlatformCaExpired", FAULT(platform_ca = InForce::kNoLonger), "sgx.pck.validity "},
    {"PlatformCaNotYetValid", FAULT(platform_ca = InForce::kNotYet), "sgx.pck.validity "},
    {"PckExpired", FAULT(pck = InForce::kNoLonger), "sgx.pck.validity "},
    {"PckNotYetValid", FAULT(pck = InForce::kNotYet), "sgx.pck.validity "},
    {"TcbSigningExpired", FAULT(tcb_signing = InForce::kNoLonger),
     "sgx.tcb-info.signer-validity sgx.qe-identity.signer-validity "},
    {"TcbSigningNotYetValid", FAULT(tcb_signing = InForce::kNotYet),
     "sgx.tcb-info.signer-validity sgx.qe-identity.signer-validity "},

    {"RootOfAnotherRole", FAULT(root_name = "Intel SGX Root"), "sgx.pck.names "},
    {"PlatformCaOfAnotherRole", FAULT(platform_ca_name = "Intel SGX TCB Signing"),
     "sgx.pck.names "},
    {"PckOfAnotherRole", FAULT(pck_name = "Intel SGX TCB Signing"), "sgx.pck.names "},
    {"TcbSigningOfAnotherRole", FAULT(tcb_signing_name = "Intel SGX PCK Certificate"),
     "sgx.tcb-info.signer sgx.qe-identity.signer "},
    {"PlatformCaIsNoCa", FAULT(platform_ca_is_no_ca = true), "sgx.pck.constraints "},

    {"PckRevoked", FAULT(pck_revoked = true), "sgx.pck.not-revoked "},
    {"PlatformCaRevoked", FAULT(platform_ca_revoked = true), "sgx.pck-ca.not-revoked "},
    {"TcbSigningRevoked", FAULT(tcb_signing_revoked = true),
     "sgx.tcb-info.signer-not-revoked sgx.qe-identity.signer-not-revoked "},
    {"RootCrlExpired", FAULT(root_crl = InForce::kNoLonger), "sgx.root-crl.validity "},
    {"RootCrlNotYetValid", FAULT(root_crl = InForce::kNotYet), "sgx.root-crl.validity "},
    {"PckCrlExpired", FAULT(pck_crl = InForce::kNoLonger), "sgx.pck-crl.validity "},
    {"PckCrlNotYetValid", FAULT(pck_crl = InForce::kNotYet), "sgx.pck-crl.validity "},
    {"PckCrlOfAnotherCa", FAULT(pck_crl_of_processor_ca = true), "sgx.pck-crl.issuer "},
    {"RootCrlOfAnotherCa", FAULT(root_crl_of_platform_ca = true), "sgx.root-crl.issuer "},

    {"TcbInfoExpired", FAULT(tcb_info = InForce::kNoLonger), "sgx.tcb-info.validity "},
    {"TcbInfoFromTheFuture", FAULT(tcb_info = InForce::kNotYet), "sgx.tcb-info.validity "},
    {"TcbInfoOfOtherFmspc", FAULT(tcb_info_of_other_fmspc = true), "sgx.tcb-info.fmspc "},
    {"TcbInfoOfOtherPceId", FAULT(tcb_info_of_other_pce_id = true), "sgx.tcb-info.pce-id "},
    {"TcbInfoForTdx", FAULT(tcb_info_is_for_tdx = true), "sgx.tcb-info.identity "},
    {"OutOfDate", FAULT(tcb_status = "OutOfDate"), "policy.tcb-status "},
    {"ConfigurationNeeded", FAULT(tcb_status = "ConfigurationNeeded"), "policy.tcb-status "},
    {"OutOfDateConfigurationNeeded", FAULT(tcb_status = "OutOfDateConfigurationNeeded"),
     "policy.tcb-status "},
    {"SwHardeningNeeded", with([](SimulationFaults& f) {
       f.tcb_status = "SWHardeningNeeded";
       f.advisories = {"INTEL-SA-00615"};
     }),
     "policy.tcb-status policy.advisories "},
    {"ConfigurationAndSwHardeningNeeded", FAULT(tcb_status = "ConfigurationAndSWHardeningNeeded"),
     "policy.tcb-status "},
    {"UpToDateWithAnAdvisory", FAULT(advisories = {"INTEL-SA-00615"}), "policy.advisories "},
    {"PlatformRevoked", FAULT(tcb_status = "Revoked"), "sgx.tcb.status policy.tcb-status "},
    {"BelowEveryTcbLevel", FAULT(below_every_tcb_level = true), "sgx.tcb.level "},
    {"StatusOfNoKnownName", FAULT(tcb_status = "Fine"), "sgx.tcb-info.layout "},

    {"QeIdentityExpired", FAULT(qe_identity = InForce::kNoLonger), "sgx.qe-identity.validity "},
    {"QeIdentityFromTheFuture", FAULT(qe_identity = InForce::kNotYet), "sgx.qe-identity.validity "},
    {"OtherTcbEvaluation", FAULT(other_tcb_evaluation = true), "sgx.collateral.evaluation-number "},
    {"QeIdentityForTdx", FAULT(qe_identity_is_for_tdx = true), "sgx.qe-identity.identity "},
    {"QeOfAnotherSigner", FAULT(qe_of_other_signer = true), "sgx.qe.mr-signer "},
    {"QeWithOtherAttributes", FAULT(qe_with_other_attributes = true), "sgx.qe.attributes "},
    {"QeWithOtherMiscSelect", FAULT(qe_with_other_misc_select = true), "sgx.qe.misc-select "},
    {"QeOfAnotherProduct", FAULT(qe_of_other_product = true), "sgx.qe.product "},
    {"QeVouchesForAnotherKey", FAULT(qe_vouches_for_other_key = true), "sgx.qe.binding "},
    {"QeOutOfDate", FAULT(qe_status = "OutOfDate"), "policy.tcb-status "},
    {"QeOutOfDateWithAnAdvisory", with([](SimulationFaults& f) {
       f.qe_status = "OutOfDate";
       f.qe_advisories = {"INTEL-SA-00477"};
     }),
     "policy.tcb-status policy.advisories "},
    {"QeRevoked", FAULT(qe_status = "Revoked"), "sgx.tcb.status policy.tcb-status "},
    {"QeBelowEveryLevel", FAULT(qe_below_every_level = true), "sgx.qe.tcb-level "},

    {"Debug", FAULT(debug = true), "policy.debug "},

    {"PlatformCaTampered", FAULT(tampered = SignedPart::kPlatformCa), "sgx.pck.signatures "},
    {"PckTampered", FAULT(tampered = SignedPart::kPck), "sgx.pck.signatures "},
    {"TcbSigningTampered", FAULT(tampered = SignedPart::kTcbSigning),
     "sgx.tcb-info.chain sgx.qe-identity.chain "},
    {"RootCrlTampered", FAULT(tampered = SignedPart::kRootCrl), "sgx.root-crl.signature "},
    {"PckCrlTampered", FAULT(tampered = SignedPart::kPckCrl), "sgx.pck-crl.signature "},
    {"TcbInfoTampered", FAULT(tampered = SignedPart::kTcbInfo), "sgx.tcb-info.signature "},
    {"QeIdentityTampered", FAULT(tampered = SignedPart::kQeIdentity), "sgx.qe-identity.signature "},
    {"QeReportTampered", FAULT(tampered = SignedPart::kQeReport), "sgx.qe.signature "},
    {"QuoteTampered", FAULT(tampered = SignedPart::kQuote), "sgx.quote.signature "},
};

class SimulationFaultsTest : public testing::TestWithParam<Row> {};

TEST_P(SimulationFaultsTest, IsNoticedByItsCheck) {
  const Sha256Digest measurement = sha256(as_bytes("programs"));
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
  const Bytes claims(100, 7);
  SimulationSource source(measurement, [] { return kNow; }, GetParam().faults);
  const Verification v = verify(source.evidence(report_data_of(claims)).value(), claims,
                                source.collateral().value(), policy, simulation_roots(), kNow);
  std::string failures;
  for (const Check& c : v.checks())
    if (c.state == CheckState::kFailed) failures += std::string(c.name()) + " ";
  EXPECT_EQ(failures, GetParam().failures);
  EXPECT_FALSE(v.ok());
  EXPECT_EQ(v.evidence(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, SimulationFaultsTest, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace blindai
