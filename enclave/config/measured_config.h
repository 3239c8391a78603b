// The configuration that is part of what users attest to: its SHA-256 is a claim ("config") in
// every evidence, and its text is served with it. Whatever an operator could use against a user is
// here and nowhere else; what only concerns the machine (addresses, folders, threads) is in
// HostHints.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "enclave/config/handover_config.h"
#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace blindai {

struct MeasuredConfig {
  // Anyone may upload models and delete what was uploaded that way. For demonstrations and closed
  // networks.
  bool allow_anonymous_upload = false;
  // ONNX Runtime reads one protobuf, which ends at 2 GiB.
  uint64_t max_model_bytes = uint64_t{2} << 30;
  // One prediction's tensors, in and out each.
  uint64_t max_tensor_bytes = uint64_t{256} << 20;
  // A prediction that has not finished by then is stopped and its worker replaced.
  std::chrono::seconds run_time{60};
  // The same for loading a model.
  std::chrono::seconds load_time{300};
  uint32_t max_models = 10'000;
  // The table [handover].
  HandoverRules handover;

  // The text it was read from, and the hash of that text.
  std::string text;
  Sha256Digest hash;
};

// The fields above by name (run_time_s and load_time_s in seconds), as TOML. An empty text means
// all defaults. Errors, each naming the field: "config.syntax", "config.unknown-field",
// "config.type", "config.value"; policy.* for those in the tables of handover.
Outcome<MeasuredConfig> parse_measured_config(std::string_view text);

}  // namespace blindai
