// Each way in which a TD, its module or their documents can be wrong, and the checks that notice
// it.
#include "enclave/tee/simulation/simulation_rows_test.h"

namespace blindai {
namespace {

constexpr uint64_t kMigratable = uint64_t{1} << 29;
constexpr uint64_t kPerfmon = uint64_t{1} << 63;
constexpr char kTooOld[] = "policy.tcb-status policy.advisories";

// Both as launched and as it is now.
SimulationFaults svn(TdSvn both) {
  SimulationFaults out;
  out.td.launch = out.td.current = both;
  return out;
}

SimulationFaults launched(TdSvn svn_then) {
  SimulationFaults out;
  out.td.launch = svn_then;
  return out;
}
SimulationFaults current(TdSvn svn_now) {
  SimulationFaults out;
  out.td.current = svn_now;
  return out;
}

const SimulatedRow kTd[] = {
    // The module.
    {"ModuleOfAnotherSigner", FAULT(td.module_of_other_signer = true), "~.module.mr-signer"},
    {"ModuleWithAttributes", FAULT(td.module_with_attributes = true),
     "~.module.attributes ~.module.attributes-zero"},
    {"ModuleWithAttributesThatIntelLeavesOpen", with([](SimulationFaults& f) {
       f.td.module_with_attributes = true;
       f.td.module_attributes_are_open = true;
     }),
     "~.module.attributes-zero"},
    {"ModuleOutOfDate", svn({3, 1, 7}), kTooOld, "OutOfDate"},
    {"ModuleOutOfDateAndConfigurationNeeded", with([](SimulationFaults& f) {
       f = svn({2, 1, 7});
       f.tcb_status = "ConfigurationNeeded";
     }),
     kTooOld, "OutOfDateConfigurationNeeded"},
    {"ModuleOutOfDateOnARevokedPlatform", with([](SimulationFaults& f) {
       f = svn({2, 1, 7});
       f.tcb_status = "Revoked";
     }),
     "~.tcb.status policy.tcb-status policy.advisories", "Revoked"},
    {"ModuleRevoked", FAULT(td.module_status = "Revoked"), "~.tcb.status policy.tcb-status",
     "Revoked"},
    {"ModuleWithAnAdvisory", FAULT(td.module_advisories = {"INTEL-SA-01099"}), "policy.advisories",
     "UpToDate"},
    {"ModuleOfNoKnownStatus", FAULT(td.module_status = "SWHardeningNeeded"), "~.tcb-info.layout"},
    // The platform.
    {"PlatformOutOfDateUnderAModuleUpToDate", FAULT(at_older_tcb_level = true), kTooOld,
     "OutOfDate"},
    {"TdxComponentOutOfDate", svn({4, 1, 6}), kTooOld, "OutOfDate"},
    {"ModuleWithoutVersionOutOfDate", svn({4, 0, 7}), kTooOld, "OutOfDate"},
    // The TD.
    {"HostMayInjectExceptions", FAULT(td.attributes = 0), "policy.sept-ve-disable"},
    {"Migratable", FAULT(td.attributes |= kMigratable), "policy.migration"},
    {"Perfmon", FAULT(td.attributes |= kPerfmon), "policy.perfmon"},
    {"ReservedAttributes", FAULT(td.attributes |= 2), "policy.reserved-attributes"},
    {"ReservedAttributesHighUp", FAULT(td.attributes |= uint64_t{1} << 62),
     "policy.reserved-attributes"},
    // The policy.
    {"PolicyOfAnotherRtmr0",
     {},
     "policy.rtmr0",
     nullptr,
     SPOIL(policy.tdx->rtmr[0] = {false, {ByteArray<48>{}}})},
    {"PolicyOfAnotherRtmr1",
     {},
     "policy.rtmr1",
     nullptr,
     SPOIL(policy.tdx->rtmr[1] = {false, {ByteArray<48>{}}})},
    {"PolicyOfAnotherRtmr2",
     {},
     "policy.rtmr2",
     nullptr,
     SPOIL(policy.tdx->rtmr[2] = {false, {ByteArray<48>{}}})},
    {"PolicyOfNoRtmr3", {}, "policy.rtmr3", nullptr, SPOIL(policy.tdx->rtmr[3] = {})},
    {"PolicyOfAnotherModule",
     {},
     "policy.mr-seam",
     nullptr,
     SPOIL(policy.tdx->mr_seam = {ByteArray<48>{}})},
    {"PolicyOfAnotherConfigId",
     {},
     "policy.config-id",
     nullptr,
     SPOIL(policy.tdx->mr_config_id = ByteArray<48>{1})},
    {"PolicyOfAnotherOwner",
     {},
     "policy.owner",
     nullptr,
     SPOIL(policy.tdx->mr_owner = ByteArray<48>{1})},
    {"PolicyOfAnotherOwnerConfig",
     {},
     "policy.owner-config",
     nullptr,
     SPOIL(policy.tdx->mr_owner_config = ByteArray<48>{1})},
    {"PolicyOfAServiceTd",
     {},
     "policy.service-td",
     nullptr,
     SPOIL(policy.tdx->mr_service_td = {ByteArray<48>{1}})},
    {"PolicyOfOtherAttributes",
     {},
     "policy.attributes",
     nullptr,
     SPOIL(policy.tdx->td_attributes = (Masked<8>{{1}, {1}}))},
    {"PolicyOfAnotherXfam",
     {},
     "policy.xfam",
     nullptr,
     SPOIL(policy.tdx->xfam = (Masked<8>{{0}, {1}}))},
    {"WithoutTheVirtualTpmAskedFor", {}, "policy.azure", nullptr, SPOIL(policy.azure.emplace())},
};

// TDX 1.0: there is only the launch.
const SimulatedRow kTd10[] = {
    {"ModuleOfAnUnknownVersion", svn({4, 2, 7}), "~.module.identity"},
    {"DocumentsWithoutModuleIdentities", FAULT(td.no_module_identities = true),
     "~.module.identity"},
    {"BelowEveryTcbLevel", FAULT(below_every_tcb_level = true), "~.tcb.level"},
    {"ModuleBelowEveryLevel", launched({1, 1, 7}), "~.module.tcb-level"},
    {"TdxComponentBelowEveryLevel", launched({4, 1, 5}), "~.tcb.level"},
    {"ModuleWithoutVersionBelowEveryLevel", launched({2, 0, 7}), "~.tcb.level"},
};

const SimulatedRow kTd15[] = {
    {"ModuleOfAnUnknownVersion", svn({4, 2, 7}), "~.module.identity ~.tcb.current"},
    {"DocumentsWithoutModuleIdentities", FAULT(td.no_module_identities = true),
     "~.module.identity ~.tcb.current"},
    {"BelowEveryTcbLevel", FAULT(below_every_tcb_level = true), "~.tcb.level ~.tcb.current"},
    {"ModuleBelowEveryLevel", svn({1, 1, 7}), "~.module.tcb-level ~.tcb.current"},
    {"TdxComponentBelowEveryLevel", svn({4, 1, 5}), "~.tcb.level ~.tcb.current"},
    {"LaunchedBelowEveryLevel", launched({1, 1, 7}), "~.module.tcb-level"},
    {"CurrentModuleBelowEveryLevel", current({1, 1, 7}), "~.tcb.current"},
    {"CurrentModuleOfAnUnknownVersion", current({4, 2, 7}), "~.tcb.current"},
    {"CurrentComponentBelowEveryLevel", current({4, 1, 5}), "~.tcb.current"},
    {"RelaunchAdvised", launched({2, 1, 7}), kTooOld, "TDRelaunchAdvised"},
    {"RelaunchAdvisedByAComponent", launched({4, 1, 6}), kTooOld, "TDRelaunchAdvised"},
    {"RelaunchAdvisedAndConfigurationNeeded", with([](SimulationFaults& f) {
       f = launched({2, 1, 7});
       f.tcb_status = "ConfigurationNeeded";
     }),
     kTooOld, "TDRelaunchAdvisedConfigurationNeeded"},
    {"RelaunchAdvisedFromAPlatformThatNeededConfiguration", with([](SimulationFaults& f) {
       f = launched({4, 1, 6});
       f.older_tcb_status = "OutOfDateConfigurationNeeded";
     }),
     kTooOld, "TDRelaunchAdvisedConfigurationNeeded"},
    // Relaunching would not help: what is out of date stays so.
    {"LaunchedAndCurrentOutOfDate", svn({2, 1, 7}), kTooOld, "OutOfDate"},
    {"LaunchedOutOfDateUnderAnOldQe", with([](SimulationFaults& f) {
       f = launched({2, 1, 7});
       f.qe_status = "OutOfDate";
     }),
     kTooOld, "OutOfDate"},
    {"CurrentOutOfDate", current({2, 1, 7}), kTooOld, "OutOfDate"},
    {"CurrentOutOfDateAndConfigurationNeeded", with([](SimulationFaults& f) {
       f = current({4, 1, 6});
       f.older_tcb_status = "OutOfDateConfigurationNeeded";
     }),
     kTooOld, "OutOfDateConfigurationNeeded"},
    {"LaunchedRevoked", with([](SimulationFaults& f) {
       f = launched({4, 1, 6});
       f.older_tcb_status = "Revoked";
     }),
     "~.tcb.status policy.tcb-status policy.advisories", "Revoked"},
    {"CurrentRevoked", with([](SimulationFaults& f) {
       f = current({4, 1, 6});
       f.older_tcb_status = "Revoked";
     }),
     "~.tcb.status policy.tcb-status policy.advisories", "Revoked"},
    {"BoundToAServiceTd", FAULT(td.bound_to_service_td = true), "policy.service-td"},
};

}  // namespace

std::span<const SimulatedRow> td_rows() {
  return kTd;
}
std::span<const SimulatedRow> td10_rows() {
  return kTd10;
}
std::span<const SimulatedRow> td15_rows() {
  return kTd15;
}

}  // namespace blindai
