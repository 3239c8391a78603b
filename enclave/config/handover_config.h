// The measured configuration's table [handover]: to whom this server gives its keys, and from whom
// it takes others'.
//
//   [handover.to]      # a policy (docs/formats/policy.md) for the servers that get everything
//   [handover.from]    # the same for the server that `blindai-server handover` asks
//
// A table that is absent accepts nobody. Of `to` two things are refused here that other policies
// may say: configurations = "any", because the configuration of a successor decides whom that one
// hands over to; and debug programs, in either table, whose memory is open to the operator.
#pragma once

#include <optional>
#include <string>

#include "lib/attest/policy.h"

namespace blindai {

struct HandoverRules {
  std::optional<Policy> to;
  std::optional<Policy> from;
  // Of `to` as policy_to_toml() writes it; of no text when it is absent. Part of the sealing key
  // (enclave/vault/sealing_key.h).
  Sha256Digest to_hash;
};

// `text`: the table alone, as TOML ("" for none). Errors, each naming the field: config.*,
// policy.*.
Outcome<HandoverRules> parse_handover_rules(std::string_view text);

}  // namespace blindai
