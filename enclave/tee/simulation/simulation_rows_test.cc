// Each way in which a platform of either TEE can be wrong, and the checks that notice it.
#include "enclave/tee/simulation/simulation_rows_test.h"

namespace blindai {
namespace {

// The certification data's type, whose place follows from the chain's length.
uint8_t& certification_type(SimulatedCase& c) {
  const std::string_view text = as_text(c.evidence.quote);
  return c.evidence.quote[text.find("-----BEGIN") - 6];
}

const SimulatedRow kShared[] = {
    {"OtherRoot", FAULT(other_root = true), "~.pck.root"},
    {"RootExpired", FAULT(root = InForce::kNoLonger),
     "~.pck.validity ~.tcb-info.signer-validity ~.qe-identity.signer-validity"},
    {"RootNotYetValid", FAULT(root = InForce::kNotYet),
     "~.pck.validity ~.tcb-info.signer-validity ~.qe-identity.signer-validity"},
    {"PlatformCaExpired", FAULT(platform_ca = InForce::kNoLonger), "~.pck.validity"},
    {"PlatformCaNotYetValid", FAULT(platform_ca = InForce::kNotYet), "~.pck.validity"},
    {"PckExpired", FAULT(pck = InForce::kNoLonger), "~.pck.validity"},
    {"PckNotYetValid", FAULT(pck = InForce::kNotYet), "~.pck.validity"},
    {"TcbSigningExpired", FAULT(tcb_signing = InForce::kNoLonger),
     "~.tcb-info.signer-validity ~.qe-identity.signer-validity"},
    {"TcbSigningNotYetValid", FAULT(tcb_signing = InForce::kNotYet),
     "~.tcb-info.signer-validity ~.qe-identity.signer-validity"},

    {"RootOfAnotherRole", FAULT(root_name = "Intel SGX Root"), "~.pck.names"},
    {"PlatformCaOfAnotherRole", FAULT(platform_ca_name = "Intel SGX TCB Signing"), "~.pck.names"},
    {"PckOfAnotherRole", FAULT(pck_name = "Intel SGX TCB Signing"), "~.pck.names"},
    {"TcbSigningOfAnotherRole", FAULT(tcb_signing_name = "Intel SGX PCK Certificate"),
     "~.tcb-info.signer ~.qe-identity.signer"},
    {"PlatformCaIsNoCa", FAULT(platform_ca_is_no_ca = true), "~.pck.constraints"},

    {"PckRevoked", FAULT(pck_revoked = true), "~.pck.not-revoked"},
    {"PlatformCaRevoked", FAULT(platform_ca_revoked = true), "~.pck-ca.not-revoked"},
    {"TcbSigningRevoked", FAULT(tcb_signing_revoked = true),
     "~.tcb-info.signer-not-revoked ~.qe-identity.signer-not-revoked"},
    {"RootCrlExpired", FAULT(root_crl = InForce::kNoLonger), "~.root-crl.validity"},
    {"RootCrlNotYetValid", FAULT(root_crl = InForce::kNotYet), "~.root-crl.validity"},
    {"PckCrlExpired", FAULT(pck_crl = InForce::kNoLonger), "~.pck-crl.validity"},
    {"PckCrlNotYetValid", FAULT(pck_crl = InForce::kNotYet), "~.pck-crl.validity"},
    {"PckCrlOfAnotherCa", FAULT(pck_crl_of_processor_ca = true), "~.pck-crl.issuer"},
    {"RootCrlOfAnotherCa", FAULT(root_crl_of_platform_ca = true), "~.root-crl.issuer"},

    {"TcbInfoExpired", FAULT(tcb_info = InForce::kNoLonger), "~.tcb-info.validity"},
    {"TcbInfoFromTheFuture", FAULT(tcb_info = InForce::kNotYet), "~.tcb-info.validity"},
    {"TcbInfoOfOtherFmspc", FAULT(tcb_info_of_other_fmspc = true), "~.tcb-info.fmspc"},
    {"TcbInfoOfOtherPceId", FAULT(tcb_info_of_other_pce_id = true), "~.tcb-info.pce-id"},
    {"TcbInfoForTheOtherTee", FAULT(tcb_info_is_for_other_tee = true), "~.tcb-info.identity"},
    {"OutOfDate", FAULT(tcb_status = "OutOfDate"), "policy.tcb-status", "OutOfDate"},
    {"ConfigurationNeeded", FAULT(tcb_status = "ConfigurationNeeded"), "policy.tcb-status",
     "ConfigurationNeeded"},
    {"OutOfDateConfigurationNeeded", FAULT(tcb_status = "OutOfDateConfigurationNeeded"),
     "policy.tcb-status", "OutOfDateConfigurationNeeded"},
    {"SwHardeningNeeded", with([](SimulationFaults& f) {
       f.tcb_status = "SWHardeningNeeded";
       f.advisories = {"INTEL-SA-00615"};
     }),
     "policy.tcb-status policy.advisories"},
    {"ConfigurationAndSwHardeningNeeded", FAULT(tcb_status = "ConfigurationAndSWHardeningNeeded"),
     "policy.tcb-status", "ConfigurationAndSWHardeningNeeded"},
    {"UpToDateWithAnAdvisory", FAULT(advisories = {"INTEL-SA-00615"}), "policy.advisories"},
    {"PlatformRevoked", FAULT(tcb_status = "Revoked"), "~.tcb.status policy.tcb-status", "Revoked"},
    {"StatusOfNoKnownName", FAULT(tcb_status = "Fine"), "~.tcb-info.layout"},

    {"QeIdentityExpired", FAULT(qe_identity = InForce::kNoLonger), "~.qe-identity.validity"},
    {"QeIdentityFromTheFuture", FAULT(qe_identity = InForce::kNotYet), "~.qe-identity.validity"},
    {"OtherTcbEvaluation", FAULT(other_tcb_evaluation = true), "~.collateral.evaluation-number"},
    {"QeIdentityForTheOtherTee", FAULT(qe_identity_is_for_other_tee = true),
     "~.qe-identity.identity"},
    {"QeOfAnotherSigner", FAULT(qe_of_other_signer = true), "~.qe.mr-signer"},
    {"QeWithOtherAttributes", FAULT(qe_with_other_attributes = true), "~.qe.attributes"},
    {"QeWithOtherMiscSelect", FAULT(qe_with_other_misc_select = true), "~.qe.misc-select"},
    {"QeOfAnotherProduct", FAULT(qe_of_other_product = true), "~.qe.product"},
    {"QeVouchesForAnotherKey", FAULT(qe_vouches_for_other_key = true), "~.qe.binding"},
    {"QeOutOfDate", FAULT(qe_status = "OutOfDate"), "policy.tcb-status", "OutOfDate"},
    {"QeOutOfDateWithAnAdvisory", with([](SimulationFaults& f) {
       f.qe_status = "OutOfDate";
       f.qe_advisories = {"INTEL-SA-00477"};
     }),
     "policy.tcb-status policy.advisories"},
    {"QeRevoked", FAULT(qe_status = "Revoked"), "~.tcb.status policy.tcb-status", "Revoked"},
    {"QeBelowEveryLevel", FAULT(qe_below_every_level = true), "~.qe.tcb-level"},

    {"Debug", FAULT(debug = true), "policy.debug"},

    {"PlatformCaTampered", FAULT(tampered = SignedPart::kPlatformCa), "~.pck.signatures"},
    {"PckTampered", FAULT(tampered = SignedPart::kPck), "~.pck.signatures"},
    {"TcbSigningTampered", FAULT(tampered = SignedPart::kTcbSigning),
     "~.tcb-info.chain ~.qe-identity.chain"},
    {"RootCrlTampered", FAULT(tampered = SignedPart::kRootCrl), "~.root-crl.signature"},
    {"PckCrlTampered", FAULT(tampered = SignedPart::kPckCrl), "~.pck-crl.signature"},
    {"TcbInfoTampered", FAULT(tampered = SignedPart::kTcbInfo), "~.tcb-info.signature"},
    {"QeIdentityTampered", FAULT(tampered = SignedPart::kQeIdentity), "~.qe-identity.signature"},
    {"QeReportTampered", FAULT(tampered = SignedPart::kQeReport), "~.qe.signature"},
    {"QuoteTampered", FAULT(tampered = SignedPart::kQuote), "~.quote.signature"},

    {"QuoteCutShort", {}, "~.quote.layout", nullptr, SPOIL(evidence.quote.resize(1000))},
    {"QuoteOfAnotherVersion", {}, "~.quote.version", nullptr, SPOIL(evidence.quote[0] = 6)},
    {"QuoteWithAnotherKey", {}, "~.quote.key-type", nullptr, SPOIL(evidence.quote[2] = 3)},
    {"QuoteOfAnotherTee", {}, "~.quote.tee-type", nullptr, SPOIL(evidence.quote[4] ^= 0x40)},
    {"QuoteOfAnotherVendor", {}, "~.quote.vendor", nullptr, SPOIL(evidence.quote[12] ^= 1)},
    {"QuoteWithoutItsChain",
     {},
     "~.quote.certification",
     nullptr,
     [](SimulatedCase& c) { certification_type(c) = 1; }},
    {"ChainUnreadable",
     {},
     "~.pck.chain",
     nullptr,
     [](SimulatedCase& c) { c.evidence.quote.back() ^= 1; }},
    {"PckWithoutPlatform", FAULT(pck_without_platform = true), "~.pck.extension"},
    {"RootCrlUnreadable",
     {},
     "~.root-crl.layout",
     nullptr,
     SPOIL(collateral.root_ca_crl.pop_back())},
    {"PckCrlUnreadable", {}, "~.pck-crl.layout", nullptr, SPOIL(collateral.pck_crl.clear())},
    {"TcbInfoWithoutChain",
     {},
     "~.tcb-info.chain",
     nullptr,
     SPOIL(collateral.tcb_info_chain.clear())},
    {"QeIdentityWithoutChain",
     {},
     "~.qe-identity.chain",
     nullptr,
     SPOIL(collateral.qe_identity_chain.clear())},
    {"TcbInfoSignedByThePlatformCa",
     {},
     "~.tcb-info.signer",
     nullptr,
     SPOIL(collateral.tcb_info_chain = c.collateral.pck_crl_chain)},
    {"TcbInfoUnreadable", {}, "~.tcb-info.envelope", nullptr, SPOIL(collateral.tcb_info.clear())},
    {"QeIdentityUnreadable",
     {},
     "~.qe-identity.envelope",
     nullptr,
     SPOIL(collateral.qe_identity.push_back('x'))},
    {"QeStatusOfNoKnownName", FAULT(qe_status = "ConfigurationNeeded"), "~.qe-identity.layout"},
    {"TcbInfoSaysRelaunch", FAULT(tcb_status = "TDRelaunchAdvised"), "~.tcb-info.layout"},
    {"AtOlderTcbLevel", FAULT(at_older_tcb_level = true), "policy.tcb-status policy.advisories",
     "OutOfDate"},
    {"QeOutOfDateAndConfigurationNeeded", with([](SimulationFaults& f) {
       f.tcb_status = "ConfigurationNeeded";
       f.qe_status = "OutOfDate";
     }),
     "policy.tcb-status", "OutOfDateConfigurationNeeded"},
    {"PolicyOfNoTee",
     {},
     "policy.tee",
     nullptr,
     [](SimulatedCase& c) {
       c.policy.sgx.reset();
       c.policy.tdx.reset();
     }},
    {"PolicyOfTheOtherTee",
     {},
     "policy.tee",
     nullptr,
     [](SimulatedCase& c) {
       const Policy other = simulation_policy(c.evidence.tee == Tee::kSgx ? Tee::kTdx : Tee::kSgx);
       c.policy.sgx = other.sgx;
       c.policy.tdx = other.tdx;
     }},
    {"PolicyOfALaterEvaluation",
     {},
     "policy.evaluation-number",
     nullptr,
     SPOIL(policy.min_tcb_evaluation_number = 1001)},
    {"PolicyOfOtherPrograms",
     {},
     "policy.measurement",
     nullptr,
     [](SimulatedCase& c) {
       if (c.policy.sgx.has_value()) c.policy.sgx->mr_enclave[0][31] ^= 1;
       if (c.policy.tdx.has_value()) c.policy.tdx->mr_td[0][47] ^= 1;
     }},
    {"OtherClaims", {}, "claims.report-data", nullptr, SPOIL(claims.push_back(0))},
};

const SimulatedRow kSgx[] = {
    {"BelowEveryTcbLevel", FAULT(below_every_tcb_level = true), "~.tcb.level"},
    {"PolicyOfAnotherSigner", {}, "policy.signer", nullptr, SPOIL(policy.sgx->mr_signer.emplace())},
    {"PolicyOfAnotherProduct", {}, "policy.product", nullptr, SPOIL(policy.sgx->isv_prod_id = 1)},
    {"PolicyOfALaterVersion", {}, "policy.svn", nullptr, SPOIL(policy.sgx->min_isv_svn = 1)},
    {"PolicyOfOtherMiscSelect",
     {},
     "policy.misc-select",
     nullptr,
     SPOIL(policy.sgx->misc_select = (Masked<4>{{1}, {1}}))},
    {"PolicyOfOtherAttributes",
     {},
     "policy.attributes",
     nullptr,
     SPOIL(policy.sgx->attributes = (Masked<16>{{0}, {1}}))},
};

// Bytes 48 and 49 are the body's type, 50 to 53 its length.
const SimulatedRow kV5[] = {
    {"BodyOfNoKnownType", {}, "~.quote.body", nullptr, SPOIL(evidence.quote[48] = 5)},
    {"BodyOfTheOtherTee",
     {},
     "~.quote.body",
     nullptr,
     SPOIL(evidence.quote[48] = c.evidence.tee == Tee::kSgx ? 2 : 1)},
    {"BodyOfAnotherLength", {}, "~.quote.body", nullptr, SPOIL(evidence.quote[50] ^= 1)},
    {"ExtendedTdReport",
     {},
     "~.quote.body",
     nullptr,
     [](SimulatedCase& c) {
       c.evidence.quote[48] = 4;
       c.evidence.quote[50] = 885 & 0xff;
       c.evidence.quote[51] = 885 >> 8;
     }},
};

}  // namespace

std::span<const SimulatedRow> shared_rows() {
  return kShared;
}
std::span<const SimulatedRow> sgx_rows() {
  return kSgx;
}
std::span<const SimulatedRow> v5_rows() {
  return kV5;
}

}  // namespace blindai
