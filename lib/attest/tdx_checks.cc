#include "lib/attest/dcap_check_specs.h"

namespace blindai {
namespace {

constexpr DcapSpec kTdxTcb[] = {
    untrusted<"tdx", ".module.identity">(
        DcapCheck::kModuleIdentity,
        "Intel's TCB info has no TDX module of this version. Fetch fresh collateral; if it still "
        "has none, do not trust this server."),
    untrusted<"tdx", ".module.mr-signer">(
        DcapCheck::kModuleMrSigner,
        "The TDX module was not signed by Intel (MRSIGNERSEAM). Do not trust this server."),
    untrusted<"tdx", ".module.attributes">(DcapCheck::kModuleAttributes,
                                           "The TDX module does not have the attributes Intel "
                                           "gives it (SEAMATTRIBUTES). Do not trust this server."),
    untrusted<"tdx", ".module.attributes-zero">(
        DcapCheck::kModuleAttributesZero,
        "The TDX module is not a production one: its SEAMATTRIBUTES are not zero. Do not trust "
        "this server."),
    untrusted<"tdx", ".module.tcb-level">(
        DcapCheck::kModuleLevel,
        "Intel knows no TDX module this old. The server's TDX module has to be updated."),
    untrusted<"tdx", ".tcb.level">(DcapCheck::kTcbLevel,
                                   "Intel knows no such patch level of this platform. The server's "
                                   "microcode, firmware and TDX module have to be updated."),
    untrusted<"tdx", ".tcb.current">(
        DcapCheck::kTcbCurrent,
        "Intel knows no such patch level as the TDX module was updated to while this TD ran. Fetch "
        "fresh collateral; if it still fails, the server has to be updated."),
    untrusted<"tdx", ".tcb.status">(DcapCheck::kTcbStatus,
                                    "Intel has revoked this platform's patch level. The server's "
                                    "microcode, firmware and TDX module have to be updated."),
    denied<".tee">(DcapCheck::kPolicyTee,
                   "The policy accepts no TD. Add a [tdx] section with mr_td."),
};

constexpr DcapSpec kTdxPolicy[] = {
    denied<".debug">(DcapCheck::kPolicyDebug,
                     "The TD is in debug mode: its operator can read its memory. Never use it for "
                     "real data; allow_debug = true accepts it for development."),
    denied<".measurement">(
        DcapCheck::kPolicyMeasurement,
        "The server was started from another image than the policy accepts. Check the measurement "
        "against a build of your own before you add it to mr_td."),
    denied<".rtmr0">(DcapCheck::kPolicyRtmr0,
                     "RTMR 0, the virtual hardware and firmware's configuration, is not one the "
                     "policy accepts (rtmr0)."),
    denied<".rtmr1">(DcapCheck::kPolicyRtmr1,
                     "RTMR 1, the boot loader and kernel, is not one the policy accepts (rtmr1)."),
    denied<".rtmr2">(DcapCheck::kPolicyRtmr2,
                     "RTMR 2, the kernel's command line and initial file system, is not one the "
                     "policy accepts (rtmr2)."),
    denied<".rtmr3">(
        DcapCheck::kPolicyRtmr3,
        "RTMR 3, what the running system measured, is not one the policy accepts (rtmr3)."),
    denied<".mr-seam">(DcapCheck::kPolicySeam,
                       "The TDX module is another than the policy accepts (mr_seam)."),
    denied<".config-id">(DcapCheck::kPolicyConfigId,
                         "MRCONFIGID is not the one the policy asks for (mr_config_id)."),
    denied<".owner">(DcapCheck::kPolicyOwner,
                     "MROWNER is not the one the policy asks for (mr_owner)."),
    denied<".owner-config">(DcapCheck::kPolicyOwnerConfig,
                            "MROWNERCONFIG is not the one the policy asks for (mr_owner_config)."),
    denied<".service-td">(DcapCheck::kPolicyServiceTd,
                          "The TD is bound to a service TD, which can act on it, and the policy "
                          "does not accept that one (mr_service_td)."),
    denied<".sept-ve-disable">(
        DcapCheck::kPolicySeptVeDisable,
        "The host can inject exceptions into the TD by taking its pages away (SEPT_VE_DISABLE is "
        "off). Have the server's TD made with it on."),
    denied<".migration">(DcapCheck::kPolicyMigration,
                         "The TD can be moved to another machine (MIGRATABLE). allow_migration = "
                         "true accepts that."),
    denied<".perfmon">(DcapCheck::kPolicyPerfmon,
                       "The TD may use performance counters (PERFMON), which tell neighbours more "
                       "about it. allow_perfmon = true accepts that."),
    denied<".reserved-attributes">(DcapCheck::kPolicyReservedAttributes,
                                   "The TD has attributes this program does not know and so cannot "
                                   "judge. Update it, or have the server's TD made without them."),
    denied<".attributes">(DcapCheck::kPolicyAttributes,
                          "The TD's ATTRIBUTES are not those the policy asks for (td_attributes)."),
    denied<".xfam">(DcapCheck::kPolicyXfam,
                    "The TD's XFAM is not the one the policy asks for (xfam)."),
    denied<".azure">(DcapCheck::kPolicyAzure,
                     "The policy asks for the virtual TPM of an Azure VM (section azure), and this "
                     "evidence comes without one. Judge both together, or remove the section."),
};

constexpr std::span<const DcapSpec> kTdxParts[] = {kGenuineSpecs<"tdx">, kTdxTcb,
                                                   kPlatformPolicySpecs, kTdxPolicy, kClaimsSpecs};

}  // namespace

const DcapTable& tdx_checks() {
  return DcapTableOf<kTdxParts>::kTable;
}

}  // namespace blindai
