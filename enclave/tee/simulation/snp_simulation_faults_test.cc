// Each way in which an SEV-SNP platform, its certificates or its evidence can be wrong, and the
// check that notices it.
#include <gtest/gtest.h>
#include <set>

#include "enclave/tee/simulation/snp_simulation.h"
#include "lib/attest/snp_checks.h"
#include "lib/attest/verify.h"
#include "lib/base/der_writer.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr Time kFaultsNow{1795000000};
const ByteArray<48> kMeasurement = [] {
  ByteArray<48> out;
  out.fill(0x42);
  return out;
}();

struct Inputs {
  Evidence evidence{Tee::kSnp, {}};
  Bytes claims = Bytes(100, 7);
  Collateral collateral;
  Policy policy;

  SnpPolicy& snp() { return *policy.snp; }
};

struct Row {
  const char* name;
  SnpPlatform platform;
  SnpFaults faults;
  void (*change)(Inputs&);  // what is wrong with the inputs rather than the platform; may be null
  // Every check that has to fail, in order, each followed by a space. All others pass or are not
  // reached.
  const char* failures;
};

constexpr SnpPlatform kMilan{SnpProduct::kMilan, SnpSigningKey::kVcek, 5};
constexpr SnpPlatform kGenoa{SnpProduct::kGenoa, SnpSigningKey::kVcek, 5};
constexpr SnpPlatform kTurin{SnpProduct::kTurin, SnpSigningKey::kVcek, 5};
constexpr SnpPlatform kMilanVlek{SnpProduct::kMilan, SnpSigningKey::kVlek, 5};
constexpr SnpPlatform kGenoaVlek{SnpProduct::kGenoa, SnpSigningKey::kVlek, 5};
constexpr SnpPlatform kTurinVlek{SnpProduct::kTurin, SnpSigningKey::kVlek, 5};
constexpr SnpPlatform of_version(uint32_t version) {
  return {SnpProduct::kMilan, SnpSigningKey::kVcek, version};
}

SnpFaults with(auto change) {
  SnpFaults out;
  change(out);
  return out;
}
#define FAULT(statement) with([](SnpFaults& f) { f.statement; })

// What the chip itself signs.
SnpFaults says(size_t at, Bytes bytes) {
  SnpFaults out;
  out.signed_patches.push_back({at, std::move(bytes)});
  return out;
}
// What somebody wrote over it afterwards.
SnpFaults altered(size_t at, Bytes bytes) {
  SnpFaults out;
  out.patches.push_back({at, std::move(bytes)});
  return out;
}
SnpFaults extension(std::string_view arcs, std::optional<Bytes> value) {
  SnpFaults out;
  out.extensions.push_back({"1.3.6.1.4.1.3704.1." + std::string(arcs), std::move(value)});
  return out;
}
Bytes hex(std::string_view digits) {
  return from_hex(digits).value();
}
Bytes ia5(std::string_view text) {
  return der(0x16, as_bytes(text));
}

// n of secp384r1, little-endian.
const Bytes kOrder = hex(
    "7329c5cc6a19ecec7aa7b048b20d1a58df2d37f4814d63c7ffffffffffffffffffffffffffffffffffffffffffff"
    "ffff");
constexpr size_t kR = 0x2a0, kS = kR + 72;

const Row kRows[] = {
    // The report.
    {"Empty", kMilan, {}, [](Inputs& in) { in.evidence.quote.clear(); }, "snp.report.length "},
    {"Short", kMilan, {}, [](Inputs& in) { in.evidence.quote.pop_back(); }, "snp.report.length "},
    {"Long", kMilan, {}, [](Inputs& in) { in.evidence.quote.push_back(0); }, "snp.report.length "},
    {"AllZero",
     kMilan,
     {},
     [](Inputs& in) { in.evidence.quote.assign(1184, 0); },
     "snp.report.version "},
    {"Version1", kMilan, says(0, {1}), nullptr, "snp.report.version "},
    {"Version6", kMilan, says(0, {6}), nullptr, "snp.report.version "},
    {"VersionLarge", kMilan, says(3, {1}), nullptr, "snp.report.version "},
    {"Version2WithACpu", of_version(2), says(0x188, {0x19}), nullptr, "snp.report.reserved "},
    {"Version2Reserved", of_version(2), says(0x18b, {1}), nullptr, "snp.report.reserved "},
    {"Version3Reserved", of_version(3), says(0x18b, {1}), nullptr, "snp.report.reserved "},
    {"Version4WithMitigations", of_version(4), says(0x1f8, {1}), nullptr, "snp.report.reserved "},
    {"ReservedAfterKeyInfo", kMilan, says(0x4c, {1}), nullptr, "snp.report.reserved "},
    {"ReservedKeyInfo", kMilan, says(0x48, {0x20}), nullptr, "snp.report.reserved "},
    {"ReservedBesideFirmware", kMilan, says(0x1eb, {1}), nullptr, "snp.report.reserved "},
    {"ReservedAtTheEnd", kMilan, says(0x29f, {1}), nullptr, "snp.report.reserved "},
    {"PaddingOfR", kMilan, altered(kR + 48, {1}), nullptr, "snp.report.reserved "},
    {"PaddingOfS", kMilan, altered(kS + 71, {1}), nullptr, "snp.report.reserved "},
    {"AfterTheSignature", kMilan, altered(0x330, {1}), nullptr, "snp.report.reserved "},
    {"LastByte", kMilan, altered(1183, {1}), nullptr, "snp.report.reserved "},
    {"AlgorithmZero", kMilan, says(0x34, {0}), nullptr, "snp.report.algorithm "},
    {"AlgorithmTwo", kMilan, says(0x34, {2}), nullptr, "snp.report.algorithm "},
    {"SignedByNone", kMilan, says(0x48, {7 << 2}), nullptr, "snp.report.signing-key "},
    {"SignedByAReservedKey", kMilan, says(0x48, {2 << 2}), nullptr, "snp.report.signing-key "},
    {"MaskChipKey", kMilan, says(0x48, {2}), nullptr, "snp.report.chip-key "},
    {"MaskChipKeyAndChipId", kMilan,
     [] {
       SnpFaults out = says(0x48, {2});
       out.signed_patches.push_back({0x1a0, Bytes(64, 0)});
       return out;
     }(),
     nullptr, "snp.report.chip-key snp.vek.chip "},
    {"AuthorKeyWithoutDigest", kMilan, says(0x48, {1}), nullptr, "snp.report.author-key "},
    {"DigestWithoutAuthorKey", kMilan, says(0x110, {1}), nullptr, "snp.report.author-key "},
    {"GuestPolicyWithoutTheBit", kMilan, says(0x0a, {0}), nullptr, "snp.report.guest-policy "},
    {"GuestPolicyUnknownBit", kMilan, says(0x0b, {4}), nullptr, "snp.report.guest-policy "},
    {"GuestPolicyHighestBit", kMilan, says(0x0f, {0x80}), nullptr, "snp.report.guest-policy "},
    {"RZero", kMilan, altered(kR, Bytes(48, 0)), nullptr, "snp.report.signature-range "},
    {"SZero", kMilan, altered(kS, Bytes(48, 0)), nullptr, "snp.report.signature-range "},
    {"ROrder", kMilan, altered(kR, kOrder), nullptr, "snp.report.signature-range "},
    {"SOrder", kMilan, altered(kS, kOrder), nullptr, "snp.report.signature-range "},
    {"RLargest", kMilan, altered(kR, Bytes(48, 0xff)), nullptr, "snp.report.signature-range "},
    {"UnknownFamily", kMilan, says(0x188, {0x1b}), nullptr, "snp.report.product "},
    {"UnknownModel", kMilan, says(0x189, {0x20}), nullptr, "snp.report.product "},
    {"UnknownModelOfTurinsFamily", kTurin, says(0x189, {0x50}), nullptr, "snp.report.product "},

    // The key that signed it.
    {"NoVek", kMilan, {}, [](Inputs& in) { in.collateral.vek.clear(); }, "snp.vek.layout "},
    {"NoCollateral",
     kMilan,
     {},
     [](Inputs& in) { in.collateral = {}; },
     "snp.vek.layout snp.chain.layout snp.crl.layout "},
    {"VekWithTrailingByte",
     kMilan,
     {},
     [](Inputs& in) { in.collateral.vek.push_back(0); },
     "snp.vek.layout "},
    {"NoStructVersion", kMilan, extension("1", {}), nullptr, "snp.vek.extensions "},
    {"NoProduct", kMilan, extension("2", {}), nullptr, "snp.vek.extensions "},
    {"NoBootLoader", kMilan, extension("3.1", {}), nullptr, "snp.vek.extensions "},
    {"NoMicrocode", kGenoa, extension("3.8", {}), nullptr, "snp.vek.extensions "},
    {"NoFmcOfTurin", kTurin, extension("3.9", {}), nullptr, "snp.vek.extensions "},
    {"FmcOfMilan", kMilan, extension("3.9", der_integer(0)), nullptr, "snp.vek.extensions "},
    {"SplOverAByte", kMilan, extension("3.8", hex("020201db")), nullptr, "snp.vek.extensions "},
    {"SplNegative", kMilan, extension("3.8", hex("0201db")), nullptr, "snp.vek.extensions "},
    {"SplNotShortest", kMilan, extension("3.3", hex("02020018")), nullptr, "snp.vek.extensions "},
    {"SplWithTrailingByte", kMilan, extension("3.3", hex("02011800")), nullptr,
     "snp.vek.extensions "},
    {"ReservedSpl", kMilan, extension("3.5", der_integer(1)), nullptr, "snp.vek.extensions "},
    {"EmptyHwid", kMilan, extension("4", Bytes{}), nullptr, "snp.vek.extensions "},
    {"HwidOf8OnMilan", kMilan, extension("4", Bytes(8, 1)), nullptr, "snp.vek.extensions "},
    {"HwidOf64OnTurin", kTurin, extension("4", Bytes(64, 1)), nullptr, "snp.vek.extensions "},
    {"HwidWrappedTwice", kGenoa, extension("4", der_octet_string(der_octet_string(Bytes(64, 1)))),
     nullptr, "snp.vek.extensions "},
    {"OtherProduct", kMilan, extension("2", ia5("Genoa")), nullptr, "snp.vek.product "},
    {"OtherProductOfVersion2", of_version(2), extension("2", ia5("Rome-B0")), nullptr,
     "snp.vek.product "},
    {"ProductThatBeginsLikeOurs", kMilan, extension("2", ia5("MilanX")), nullptr,
     "snp.vek.product "},
    {"ReportOfAnotherProduct", kMilan, says(0x189, {0x11}), nullptr, "snp.vek.product "},
    {"VlekForAVcekReport", kMilan, FAULT(vek_of_other_kind = true), nullptr, "snp.vek.role "},
    {"VcekForAVlekReport", kMilanVlek, FAULT(vek_of_other_kind = true), nullptr, "snp.vek.role "},
    {"VekOfAnotherRole", kMilan, FAULT(vek_name = "SEV-Milan"), nullptr, "snp.vek.role "},

    // The chain above it.
    {"NoChain",
     kMilan,
     {},
     [](Inputs& in) { in.collateral.vek_chain.clear(); },
     "snp.chain.layout "},
    {"ChainOfThree",
     kMilan,
     {},
     [](Inputs& in) {
       const Bytes twice = in.collateral.vek_chain;
       append(in.collateral.vek_chain, twice);
     },
     "snp.chain.layout "},
    {"ChainTurned",
     kMilan,
     {},
     [](Inputs& in) {
       std::string text(as_text(in.collateral.vek_chain));
       const size_t second = text.find("-----BEGIN", 1);
       text = text.substr(second) + text.substr(0, second);
       in.collateral.vek_chain = to_bytes(as_bytes(text));
     },
     "snp.chain.names snp.chain.constraints snp.chain.signatures snp.chain.root "},
    {"VlekUnderAsk", kMilanVlek, FAULT(ca_of_other_kind = true), nullptr, "snp.chain.names "},
    {"VlekUnderAskOnGenoa", kGenoaVlek, FAULT(ca_of_other_kind = true), nullptr,
     "snp.chain.names "},
    {"VlekUnderAskOnTurin", kTurinVlek, FAULT(ca_of_other_kind = true), nullptr,
     "snp.chain.names "},
    {"VcekUnderAsvk", kTurin, FAULT(ca_of_other_kind = true), nullptr, "snp.chain.names "},
    {"CaOfAnotherRole", kMilan, FAULT(ca_name = "SEV-Genoa"), nullptr, "snp.chain.names "},
    {"ArkOfAnotherRole", kMilan, FAULT(ark_name = "ARK-Genoa"), nullptr, "snp.chain.names "},
    {"GenoaUnderTurin",
     kGenoa,
     {},
     [](Inputs& in) {
       in.collateral.vek_chain = SnpSimulation(kTurin, kFaultsNow).collateral().vek_chain;
     },
     "snp.chain.names snp.chain.root "},
    {"ChainOfAnotherKey",
     kMilan,
     {},
     [](Inputs& in) {
       in.collateral.vek_chain =
           SnpSimulation(kMilan, kFaultsNow, FAULT(other_ark = true)).collateral().vek_chain;
     },
     "snp.chain.root "},
    {"OtherArk", kMilan, FAULT(other_ark = true), nullptr, "snp.chain.root "},
    {"CaIsNoCa", kMilan, FAULT(ca_is_no_ca = true), nullptr, "snp.chain.constraints "},
    {"ArkSignsNoCrls", kMilan, FAULT(ark_signs_no_crls = true), nullptr, "snp.chain.constraints "},
    {"ArkAllowsNoCa", kMilan, FAULT(ark_allows_no_ca = true), nullptr, "snp.chain.constraints "},
    {"ArkTampered", kMilan, FAULT(tampered = SnpSignedPart::kArk), nullptr,
     "snp.chain.signatures "},
    {"AskTampered", kMilan, FAULT(tampered = SnpSignedPart::kCa), nullptr, "snp.chain.signatures "},
    {"AsvkTampered", kTurinVlek, FAULT(tampered = SnpSignedPart::kCa), nullptr,
     "snp.chain.signatures "},
    {"VekTampered", kMilan, FAULT(tampered = SnpSignedPart::kVek), nullptr,
     "snp.chain.signatures "},
    {"VekExpired", kMilan, FAULT(vek = InForce::kNoLonger), nullptr, "snp.chain.validity "},
    {"VlekExpired", kGenoaVlek, FAULT(vek = InForce::kNoLonger), nullptr, "snp.chain.validity "},
    {"VekNotYetValid", kMilan, FAULT(vek = InForce::kNotYet), nullptr, "snp.chain.validity "},
    {"AskExpired", kMilan, FAULT(ca = InForce::kNoLonger), nullptr, "snp.chain.validity "},
    {"AskNotYetValid", kMilan, FAULT(ca = InForce::kNotYet), nullptr, "snp.chain.validity "},
    {"ArkExpired", kMilan, FAULT(ark = InForce::kNoLonger), nullptr, "snp.chain.validity "},
    {"ArkNotYetValid", kMilan, FAULT(ark = InForce::kNotYet), nullptr, "snp.chain.validity "},

    // Revocation.
    {"NoCrl", kMilan, {}, [](Inputs& in) { in.collateral.vek_crl.clear(); }, "snp.crl.layout "},
    {"CrlOfTheAsk", kMilan, FAULT(crl_of_ca = true), nullptr, "snp.crl.issuer "},
    {"CrlOfAnotherProduct",
     kMilan,
     {},
     [](Inputs& in) {
       in.collateral.vek_crl = SnpSimulation(kGenoa, kFaultsNow).collateral().vek_crl;
     },
     "snp.crl.issuer "},
    {"CrlOfAnotherKey",
     kMilan,
     {},
     [](Inputs& in) {
       in.collateral.vek_crl =
           SnpSimulation(kMilan, kFaultsNow, FAULT(other_ark = true)).collateral().vek_crl;
     },
     "snp.crl.signature "},
    {"CrlTampered", kMilan, FAULT(tampered = SnpSignedPart::kCrl), nullptr, "snp.crl.signature "},
    {"CrlExpired", kMilan, FAULT(crl = InForce::kNoLonger), nullptr, "snp.crl.validity "},
    {"CrlNotYetValid", kMilan, FAULT(crl = InForce::kNotYet), nullptr, "snp.crl.validity "},
    {"AskRevoked", kMilan, FAULT(ca_revoked = true), nullptr, "snp.ca.not-revoked "},
    {"AsvkRevoked", kGenoaVlek, FAULT(ca_revoked = true), nullptr, "snp.ca.not-revoked "},
    {"ArkRevoked", kMilan, FAULT(ark_revoked = true), nullptr, "snp.ca.not-revoked "},
    {"VekRevoked", kMilan, FAULT(vek_revoked = true), nullptr, "snp.vek.not-revoked "},

    // Report against certificate.
    {"VcekOfAnotherChip", kMilan, FAULT(vek_of_other_chip = true), nullptr,
     "snp.report.signature "},
    {"SignatureAltered", kMilan, altered(kR, {0, 0}), nullptr, "snp.report.signature "},
    {"SplMismatch", kMilan, extension("3.3", der_integer(0x19)), nullptr, "snp.vek.tcb "},
    {"TwoByteSplMismatch", kMilan, extension("3.8", der_integer(0xda)), nullptr, "snp.vek.tcb "},
    {"FmcMismatch", kTurin, extension("3.9", der_integer(2)), nullptr, "snp.vek.tcb "},
    {"NoHwid", kMilan, extension("4", {}), nullptr, "snp.vek.chip "},
    {"NoHwidOfTurin", kTurin, extension("4", {}), nullptr, "snp.vek.chip "},
    {"HwidOfAnotherChip", kMilan, extension("4", Bytes(64, 1)), nullptr, "snp.vek.chip "},
    {"HwidOfAnotherTurin", kTurin, extension("4", Bytes(8, 1)), nullptr, "snp.vek.chip "},
    {"ChipIdOfAnotherChip", kGenoa, says(0x1a0 + 63, {0}), nullptr, "snp.vek.chip "},
    {"ChipIdMasked", kMilan, says(0x1a0, Bytes(64, 0)), nullptr, "snp.vek.chip "},
    {"ChipIdOfTurinGoesOn", kTurin, says(0x1a0 + 8, {1}), nullptr, "snp.vek.chip "},
    {"VlekWithHwid", kMilanVlek, extension("4", Bytes(64, 0)), nullptr, "snp.vek.chip "},
    {"VlekWithoutCsp", kMilanVlek, extension("5", {}), nullptr, "snp.vek.chip "},
    {"VlekWithoutCspOnTurin", kTurinVlek, extension("5", {}), nullptr, "snp.vek.chip "},
    {"TcbWithAnUnknownPart", kMilan, says(0x38 + 2, {1}), nullptr, "snp.tcb.layout "},
    {"TcbWithAnUnknownPartOnTurin", kTurin, says(0x1e0 + 6, {1}), nullptr, "snp.tcb.layout "},
    {"ReportedTcbWithAnUnknownPart", kGenoa, says(0x180 + 5, {1}), nullptr,
     "snp.vek.tcb snp.tcb.layout "},
    {"CommittedBelowReported", kMilan, says(0x1e0, {3}), nullptr, "snp.tcb.order "},
    {"CurrentBelowCommitted", kMilan, says(0x38 + 7, {0xda}), nullptr, "snp.tcb.order "},
    {"CurrentBelowCommittedOnTurin", kTurin, says(0x38, {0}), nullptr, "snp.tcb.order "},
    {"LaunchAboveCurrent", kGenoa, says(0x1f0 + 6, {0x18}), nullptr, "snp.tcb.order "},
    {"FirmwareOlderThanCommitted", kMilan, says(0x1e8, {8}), nullptr, "snp.firmware.order "},

    // The caller's policy.
    {"NoSnpPolicy", kMilan, {}, [](Inputs& in) { in.policy.snp.reset(); }, "policy.tee "},
    {"NoFloorForMilan",
     kMilan,
     {},
     [](Inputs& in) { in.snp().min_tcb_milan.reset(); },
     "policy.product "},
    {"NoFloorForGenoa",
     kGenoa,
     {},
     [](Inputs& in) { in.snp().min_tcb_genoa.reset(); },
     "policy.product "},
    {"NoFloorForTurin",
     kTurin,
     {},
     [](Inputs& in) { in.snp().min_tcb_turin.reset(); },
     "policy.product "},
    {"BelowTheFloor",
     kMilan,
     {},
     [](Inputs& in) { ++in.snp().min_tcb_milan->snp; },
     "policy.tcb policy.launch-tcb "},
    {"FmcBelowTheFloor",
     kTurin,
     {},
     [](Inputs& in) { ++in.snp().min_tcb_turin->fmc; },
     "policy.tcb policy.launch-tcb "},
    {"LaunchedBelowTheFloor", kMilan, says(0x1f0 + 6, {0x17}), nullptr, "policy.launch-tcb "},
    {"Debug", kMilan, says(0x0a, {0x0a}), nullptr, "policy.debug "},
    {"Vmpl1", kMilan, says(0x30, {1}), nullptr, "policy.vmpl "},
    {"AskedForByTheHost", kMilan, says(0x30, Bytes(4, 0xff)), nullptr, "policy.vmpl "},
    {"VlekNotAllowed",
     kMilanVlek,
     {},
     [](Inputs& in) { in.snp().allow_vlek = false; },
     "policy.vlek "},
    {"MigrationAgent", kMilan, says(0x0a, {0x06}), nullptr, "policy.migration-agent "},
    {"Smt", kMilan, says(0x0a, {0x03}), nullptr, "policy.smt "},
    {"OtherMeasurement",
     kMilan,
     {},
     [](Inputs& in) { in.snp().measurement = {{1}}; },
     "policy.measurement "},
    {"NoMeasurement",
     kMilan,
     {},
     [](Inputs& in) { in.snp().measurement.clear(); },
     "policy.measurement "},
    {"GuestSvn", kMilan, {}, [](Inputs& in) { in.snp().min_guest_svn = 2; }, "policy.guest-svn "},
    {"HostData", kMilan, {}, [](Inputs& in) { in.snp().host_data = {{1}}; }, "policy.host-data "},
    {"IdKey", kMilan, {}, [](Inputs& in) { in.snp().id_key_digest = {{1}}; }, "policy.id-key "},
    {"AuthorKey",
     kMilan,
     {},
     [](Inputs& in) { in.snp().author_key_digest = {{1}}; },
     "policy.author-key "},
    {"FamilyId", kMilan, {}, [](Inputs& in) { in.snp().family_id = {{1}}; }, "policy.family-id "},
    {"ImageId", kMilan, {}, [](Inputs& in) { in.snp().image_id = {{1}}; }, "policy.image-id "},
    {"ChipId", kMilan, {}, [](Inputs& in) { in.snp().chip_id = {{1}}; }, "policy.chip-id "},
    {"ChipIdOfAVlek",
     kMilanVlek,
     {},
     [](Inputs& in) { in.snp().chip_id = {SnpSimulation::chip_id(SnpProduct::kMilan)}; },
     "policy.chip-id "},
    // Zeros are what any chip reports whose name is masked.
    {"ChipIdMaskedUnderAVlek", kMilanVlek, says(0x1a0, Bytes(64, 0)),
     [](Inputs& in) { in.snp().chip_id = {ByteArray<64>{}}; }, "policy.chip-id "},
    {"Mitigations",
     kMilan,
     {},
     [](Inputs& in) { in.snp().min_mitigations = 2; },
     "policy.mitigations "},
    {"MitigationsAtLaunch", kMilan, says(0x1f8, {0}),
     [](Inputs& in) { in.snp().min_mitigations = 1; }, "policy.mitigations "},
    {"MitigationsNow", kMilan, says(0x200, {2}), [](Inputs& in) { in.snp().min_mitigations = 1; },
     "policy.mitigations "},
    {"MitigationsNotReported",
     of_version(4),
     {},
     [](Inputs& in) { in.snp().min_mitigations = 1; },
     "policy.mitigations "},
    {"WithoutTheVirtualTpmAskedFor",
     kMilan,
     {},
     [](Inputs& in) { in.policy.azure.emplace(); },
     "policy.azure "},
    {"OtherClaims", kMilan, {}, [](Inputs& in) { in.claims.push_back(0); }, "claims.report-data "},
    {"ReportDataGoesOn", kMilan, says(0x50 + 32, {1}), nullptr, "claims.report-data "},
};

Policy strict_policy(const SnpPlatform& platform) {
  Policy out;
  SnpPolicy& snp = out.snp.emplace();
  snp.measurement = {kMeasurement};
  snp.min_tcb_milan = SnpSimulation::tcb(SnpProduct::kMilan);
  snp.min_tcb_genoa = SnpSimulation::tcb(SnpProduct::kGenoa);
  snp.min_tcb_turin = SnpSimulation::tcb(SnpProduct::kTurin);
  snp.allow_vlek = platform.key == SnpSigningKey::kVlek;
  out.max_evidence_age_s = 3600;
  return out;
}

class SnpSimulationFaultsTest : public testing::TestWithParam<Row> {};

TEST_P(SnpSimulationFaultsTest, IsNoticedByItsCheck) {
  const Row& row = GetParam();
  const SnpSimulation simulation(row.platform, kFaultsNow, row.faults);
  Inputs in;
  in.evidence.quote = simulation.report(kMeasurement, report_data_of(in.claims));
  in.collateral = simulation.collateral();
  in.policy = strict_policy(row.platform);
  if (row.change != nullptr) row.change(in);
  const Verification v =
      verify(in.evidence, in.claims, in.collateral, in.policy, simulation_roots(), kFaultsNow);
  std::string failures;
  for (const Check& c : v.checks())
    if (c.state == CheckState::kFailed) failures += std::string(c.name()) + " ";
  EXPECT_EQ(failures, row.failures);
  EXPECT_FALSE(v.ok());
  EXPECT_EQ(v.evidence(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, SnpSimulationFaultsTest, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

// A check that no row can fail might as well not be there.
TEST(SnpSimulationFaults, CoverEveryCheck) {
  std::set<std::string> failed;
  for (const Row& row : kRows) {
    const std::string_view names(row.failures);
    for (size_t at = 0, end; (end = names.find(' ', at)) != std::string_view::npos; at = end + 1)
      failed.emplace(names.substr(at, end - at));
  }
  for (const CheckSpec& spec : snp_check_specs())
    EXPECT_TRUE(failed.contains(spec.id.text)) << spec.id.text;
}

}  // namespace
}  // namespace blindai
