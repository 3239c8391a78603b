// What a user accepts: the other half of verification. docs/formats/policy.md describes the files.
//
// Nothing here is permissive by default. A default-constructed Policy accepts no evidence at all,
// and a policy file that leaves a required field out is refused with the field's name and what to
// write.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lib/attest/evidence.h"
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

struct Policy {
  // Absent: evidence of that TEE is refused. A policy read from a file has at least one.
  std::optional<SgxPolicy> sgx;

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
