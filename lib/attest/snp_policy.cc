#include "lib/attest/check_text.h"
#include "lib/attest/snp_verification.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// "none", or every value in hexadecimal.
template <size_t N>
std::string listed(const std::vector<ByteArray<N>>& values) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out += ", ";
    out += to_hex(value);
  }
  return out.empty() ? "none" : out;
}

template <size_t N>
bool has(const std::vector<ByteArray<N>>& values, const ByteArray<N>& wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

std::string parts(const SnpTcb& t) {
  std::string out;
  for (const uint8_t part : {t.fmc, t.boot_loader, t.tee, t.snp, t.microcode})
    out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

const std::optional<SnpTcb>& floor_of(const SnpPolicy& snp, SnpProduct product) {
  switch (product) {
    case SnpProduct::kMilan:
      break;
    case SnpProduct::kGenoa:
      return snp.min_tcb_genoa;
    case SnpProduct::kTurin:
      return snp.min_tcb_turin;
  }
  return snp.min_tcb_milan;
}

}  // namespace

void SnpVerification::policy() {
  holds(C::kPolicyDebug, policy_.allow_debug || !report_->debug(),
        policy_.allow_debug ? "debug or production" : "production", "debug");
  if (!holds(C::kPolicyTee, policy_.snp.has_value(), "snp", "none")) return;
  policy_of_tcb(*policy_.snp);
  policy_of_guest(*policy_.snp);
  // Who has the virtual TPM's evidence asks verify_azure_vm(), which takes the section out.
  holds(C::kPolicyAzure, !policy_.azure.has_value(), "no virtual TPM asked for",
        "evidence without one");
}

void SnpVerification::policy_of_tcb(const SnpPolicy& snp) {
  std::optional<SnpTcb> floor = floor_of(snp, product_);
  if (mark(C::kPolicyProduct, floor.has_value(), "a product with a floor in the policy",
           std::string(name_of(product_))) &&
      passed(C::kTcbLayout)) {
    if (product_ != SnpProduct::kTurin) floor->fmc = 0;  // there is none to judge
    // fmc, boot loader, tee, snp, microcode
    mark(C::kPolicyTcb, reported_->reaches(*floor), "at least " + parts(*floor), parts(*reported_));
    mark(C::kPolicyLaunchTcb, launch_->reaches(*floor), "at least " + parts(*floor),
         parts(*launch_));
  }
  const SnpReport& r = *report_;
  const uint64_t wanted = snp.min_mitigations.value_or(0);
  mark(C::kPolicyMitigations, (r.current_mitigations & r.launch_mitigations & wanted) == wanted,
       snp.min_mitigations.has_value() ? "bits " + std::to_string(wanted)
                                       : std::string(kUnrestricted),
       std::to_string(r.current_mitigations) + ", at launch " +
           std::to_string(r.launch_mitigations));
}

void SnpVerification::policy_of_guest(const SnpPolicy& snp) {
  const SnpReport& r = *report_;
  mark(C::kPolicyVmpl, r.vmpl <= snp.max_vmpl, "at most " + std::to_string(snp.max_vmpl),
       std::to_string(r.vmpl));
  const bool vlek = r.signing_key == SnpSigningKey::kVlek;
  mark(C::kPolicyVlek, snp.allow_vlek || !vlek, snp.allow_vlek ? "VCEK or VLEK" : "VCEK",
       vlek ? "VLEK" : "VCEK");
  const auto forbids = [&](C check, bool allowed, uint64_t bit, std::string_view what) {
    const bool set = (r.policy & bit) != 0;
    mark(check, allowed || !set, allowed ? std::string(kUnrestricted) : "no " + std::string(what),
         (set ? "" : "no ") + std::string(what));
  };
  forbids(C::kPolicyMigration, snp.allow_migration_agent, kSnpPolicyMigrateMa, "migration agent");
  forbids(C::kPolicySmt, snp.allow_smt, kSnpPolicySmt, "SMT");
  mark(C::kPolicyMeasurement, has(snp.measurement, r.measurement), listed(snp.measurement),
       to_hex(r.measurement));
  mark(C::kPolicyGuestSvn, r.guest_svn >= snp.min_guest_svn.value_or(0),
       snp.min_guest_svn.has_value() ? "at least " + std::to_string(*snp.min_guest_svn)
                                     : std::string(kUnrestricted),
       std::to_string(r.guest_svn));
  named(C::kPolicyHostData, snp.host_data, r.host_data);
  named(C::kPolicyIdKey, snp.id_key_digest, r.id_key_digest);
  named(C::kPolicyAuthorKey, snp.author_key_digest, r.author_key_digest);
  named(C::kPolicyFamilyId, snp.family_id, r.family_id);
  named(C::kPolicyImageId, snp.image_id, r.image_id);
  // Zeros are no chip's name: every chip whose name is masked reports them.
  const bool named_chip = has(snp.chip_id, r.chip_id) && r.chip_id != ByteArray<64>{};
  mark(C::kPolicyChipId, snp.chip_id.empty() || named_chip,
       snp.chip_id.empty() ? std::string(kUnrestricted) : listed(snp.chip_id), to_hex(r.chip_id));
}

// report_data = SHA-256(claims), then 32 zero bytes.
void SnpVerification::claims() {
  const ByteArray<64> bound = vouching_for(sha256(claims_));
  mark(C::kClaims, bound == report_->report_data, to_hex(bound), to_hex(report_->report_data));
}

}  // namespace blindai
