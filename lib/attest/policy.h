// What a user accepts: the other half of verification. docs/formats/policy.md describes the files.
//
// Nothing here is permissive by default. A default-constructed Policy accepts no evidence at all,
// and a policy file that leaves a required field out is refused with the field's name and what to
// write.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/attest/evidence.h"
#include "lib/attest/snp_tcb.h"
#include "lib/attest/tcb_status.h"
#include "lib/base/bytes.h"

namespace blindai {

// Either a list, or everything, said explicitly ("any" in a file). The default is the empty list.
template <typename T>
struct Accepted {
  bool any = false;
  std::vector<T> values;

  bool accepts(const T& value) const {
    return any || std::find(values.begin(), values.end(), value) != values.end();
  }
  bool operator==(const Accepted&) const = default;
};

// A field that has to equal `value` where `mask` has ones. Bytes in the report's order. A value
// with a bit outside its mask matches nothing.
template <size_t N>
struct Masked {
  ByteArray<N> value;
  ByteArray<N> mask;

  bool matches(const ByteArray<N>& found) const {
    for (size_t i = 0; i < N; ++i)
      if ((found[i] & mask[i]) != value[i]) return false;
    return true;
  }
  bool operator==(const Masked&) const = default;
};

// What an SGX enclave has to be. The optional fields narrow further; mr_enclave alone already names
// exactly one program.
struct SgxPolicy {
  std::vector<ByteArray<32>> mr_enclave;  // at least one
  std::optional<ByteArray<32>> mr_signer;
  std::optional<uint16_t> isv_prod_id;
  std::optional<uint16_t> min_isv_svn;
  std::optional<Masked<4>> misc_select;
  std::optional<Masked<16>> attributes;  // flags then xfrm, 8 bytes each

  bool operator==(const SgxPolicy&) const = default;
};

// What a trust domain has to be. One of mr_td names the image; what it loaded is in the RTMRs.
struct TdxPolicy {
  std::vector<ByteArray<48>> mr_td;  // at least one
  // Each register's accepted values, at least one, or "any" said explicitly.
  std::array<Accepted<ByteArray<48>>, 4> rtmr;
  std::vector<ByteArray<48>> mr_seam;  // empty: Intel's signed module identity suffices
  std::optional<ByteArray<48>> mr_config_id;
  std::optional<ByteArray<48>> mr_owner;
  std::optional<ByteArray<48>> mr_owner_config;
  std::optional<Masked<8>> td_attributes;
  std::optional<Masked<8>> xfam;
  // Empty: only zeros, that is, no service TD. Otherwise only these, and not zeros unless listed.
  std::vector<ByteArray<48>> mr_service_td;
  bool require_sept_ve_disable = true;  // without it the host can inject exceptions by unmapping
  bool allow_migration = false;         // ATTRIBUTES.MIGRATABLE
  bool allow_perfmon = false;           // ATTRIBUTES.PERFMON

  bool operator==(const TdxPolicy&) const = default;
};

// What an SEV-SNP guest has to be.
struct SnpPolicy {
  std::vector<ByteArray<48>> measurement;  // at least one
  // The lowest TCB accepted of each product. A product that is absent is refused.
  std::optional<SnpTcb> min_tcb_milan;
  std::optional<SnpTcb> min_tcb_genoa;
  std::optional<SnpTcb> min_tcb_turin;
  uint32_t max_vmpl = 0;  // the host can have reports made at higher numbers (CCF issue 6583)
  std::optional<uint32_t> min_guest_svn;
  std::optional<ByteArray<32>> host_data;
  std::optional<ByteArray<48>> id_key_digest;
  std::optional<ByteArray<48>> author_key_digest;
  std::optional<ByteArray<16>> family_id;
  std::optional<ByteArray<16>> image_id;
  std::vector<ByteArray<64>> chip_id;  // empty: any genuine chip
  // Bits that both mitigation vectors have to have, at launch and now; reports have them from
  // version 5 on.
  std::optional<uint64_t> min_mitigations;
  bool allow_smt = false;
  bool allow_migration_agent = false;  // guest policy MIGRATE_MA
  bool allow_vlek = false;             // keys that a cloud provider, not a chip, identifies

  bool operator==(const SnpPolicy&) const = default;
};

// What a Nitro enclave has to be: per PCR the accepted SHA-384 values. PCR 0 has at least one.
struct NitroPolicy {
  std::array<std::vector<ByteArray<48>>, 32> pcrs;  // empty: not judged

  bool operator==(const NitroPolicy&) const = default;
};

// What a TPM's quote has to say. The default accepts nothing.
inline constexpr size_t kNumPcrs = 24;
struct TpmPolicy {
  uint32_t pcr_selection = 0;  // bit i: PCR i. A quote has to cover exactly these
  // Each selected PCR's accepted values, or "any" said explicitly.
  std::array<Accepted<ByteArray<32>>, kNumPcrs> pcrs;

  bool operator==(const TpmPolicy&) const = default;
};

// What the virtual TPM of an Azure confidential VM has to say, beside the VM's SNP report or TD
// quote (azure_vtpm.h).
struct AzurePolicy {
  TpmPolicy tpm;
  bool require_secure_boot = true;

  bool operator==(const AzurePolicy&) const = default;
};

struct Policy {
  // Absent: evidence of that TEE is refused. A policy read from a file has at least one.
  std::optional<SgxPolicy> sgx = {};
  std::optional<TdxPolicy> tdx = {};
  std::optional<SnpPolicy> snp = {};
  std::optional<NitroPolicy> nitro = {};
  // Present: SNP and TDX evidence is accepted together with an Azure virtual TPM's and not without.
  std::optional<AzurePolicy> azure = {};

  // Statuses, advisories and the evaluation number are Intel's: SGX and TDX alone are judged by
  // them, and a file has to say them as soon as it has a section of either.
  std::vector<TcbStatus> tcb_statuses;     // accepted; kRevoked cannot be
  Accepted<std::string> advisories;        // "INTEL-SA-00615", …: those a status may come with
  Accepted<Sha256Digest> configurations;   // of the measured configuration, a claim; lib/channel
                                           // reads the claims and asks this list
  uint32_t min_tcb_evaluation_number = 0;  // collateral older than this is refused
  int64_t max_evidence_age_s = 0;          // how long one verified evidence may be relied on
  bool allow_debug = false;                // a debug enclave's memory is open to its operator

  bool operator==(const Policy&) const = default;
};

// Reads a policy in any of the formats below, told apart by their content: '{' begins JSON; TOML
// with `mr_enclave` at the top and no `format` is one of the original's; other TOML is ours.
// Errors, each with a sentence that names the field and says what to write:
//   policy.syntax         not JSON or TOML, or over 256 KiB
//   policy.format         a format this program does not know
//   policy.missing        a required field is absent
//   policy.unknown-field  a field that no format has (a misspelt restriction must not be ignored)
//   policy.type           a field of another type
//   policy.value          a field whose value is not allowed
//   policy.no-tee         no section names an accepted measurement
Outcome<Policy> parse_policy(std::string_view text);

Outcome<Policy> policy_from_toml(std::string_view text);
Outcome<Policy> policy_from_json(std::string_view text);
// `policy.toml` of BlindAI 0.5 and `manifest.toml` of 0.6, whose fields are all enforced. What
// those files cannot say is taken as their own clients applied it; docs/formats/policy.md lists it.
Outcome<Policy> policy_from_original_toml(std::string_view text);

// In the format policy_from_toml reads; reading it back gives an equal policy.
std::string policy_to_toml(const Policy& policy);

}  // namespace blindai
