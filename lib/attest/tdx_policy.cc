#include "lib/attest/dcap_verification.h"

namespace blindai {
namespace {

// ATTRIBUTES of a TD. Source: Intel TDX Module ABI, "ATTRIBUTES".
constexpr unsigned kDebug = 0;
constexpr unsigned kSeptVeDisable = 28;
constexpr unsigned kMigratable = 29;
constexpr unsigned kProtectionKeys = 30;
constexpr unsigned kKeyLocker = 31;
constexpr unsigned kPerfmon = 63;

// Those whose meaning is known here.
constexpr ByteArray<8> known_attributes() {
  ByteArray<8> out{};
  for (const unsigned bit :
       {kDebug, kSeptVeDisable, kMigratable, kProtectionKeys, kKeyLocker, kPerfmon})
    out[bit / 8] = static_cast<uint8_t>(out[bit / 8] | 1u << (bit % 8));
  return out;
}

}  // namespace

void DcapVerification::tdx_policy(const TdReport& td) {
  const TdxPolicy& tdx = *policy_.tdx;
  one_of(C::kPolicyMeasurement, tdx.mr_td, td.mr_td);
  constexpr C kRtmr[] = {C::kPolicyRtmr0, C::kPolicyRtmr1, C::kPolicyRtmr2, C::kPolicyRtmr3};
  for (size_t i = 0; i < td.rtmr.size(); ++i) {
    if (tdx.rtmr[i].any)
      mark(kRtmr[i], true, "any", to_hex(td.rtmr[i]));
    else
      one_of(kRtmr[i], tdx.rtmr[i].values, td.rtmr[i]);
  }
  if (tdx.mr_seam.empty())
    mark(C::kPolicySeam, true, text(kUnrestricted), to_hex(td.mr_seam));
  else
    one_of(C::kPolicySeam, tdx.mr_seam, td.mr_seam);
  same_if(C::kPolicyConfigId, tdx.mr_config_id, td.mr_config_id);
  same_if(C::kPolicyOwner, tdx.mr_owner, td.mr_owner);
  same_if(C::kPolicyOwnerConfig, tdx.mr_owner_config, td.mr_owner_config);
  if (tdx.mr_service_td.empty())
    same(C::kPolicyServiceTd, ByteArray<48>{}, td.mr_service_td);
  else
    one_of(C::kPolicyServiceTd, tdx.mr_service_td, td.mr_service_td);
  td_attributes_policy(td);
  // Who has the virtual TPM's evidence asks verify_azure_vm(), which takes the section out.
  mark(C::kPolicyAzure, !policy_.azure.has_value(), "no virtual TPM asked for",
       yes_no(policy_.azure.has_value(), "evidence without one", "no virtual TPM asked for"));
}

void DcapVerification::td_attributes_policy(const TdReport& td) {
  const TdxPolicy& tdx = *policy_.tdx;
  const auto on_off = [](bool on) { return yes_no(on, "on", "off"); };
  const bool sept = td.attribute(kSeptVeDisable);
  mark(C::kPolicySeptVeDisable, sept || !tdx.require_sept_ve_disable,
       tdx.require_sept_ve_disable ? "on" : "on or off", on_off(sept));
  const auto off_unless = [&](C check, unsigned bit, bool allowed) {
    mark(check, allowed || !td.attribute(bit), allowed ? "on or off" : "off",
         on_off(td.attribute(bit)));
  };
  off_unless(C::kPolicyMigration, kMigratable, tdx.allow_migration);
  off_unless(C::kPolicyPerfmon, kPerfmon, tdx.allow_perfmon);
  Masked<8> reserved{};
  constexpr ByteArray<8> kKnown = known_attributes();
  for (size_t i = 0; i < kKnown.size(); ++i) reserved.mask[i] = static_cast<uint8_t>(~kKnown[i]);
  masked(C::kPolicyReservedAttributes, reserved, td.td_attributes);
  same_if(C::kPolicyAttributes, tdx.td_attributes, td.td_attributes);
  same_if(C::kPolicyXfam, tdx.xfam, td.xfam);
}

}  // namespace blindai
