// The configuration that is part of what users attest to: its SHA-256 is a claim ("config") in
// every evidence, and its text is served with it. Whatever an operator could use against a user is
// here and nowhere else; what only concerns the machine (addresses, folders, threads) is in
// HostHints. docs/configuration.md says what each field means.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "enclave/config/handover_config.h"
#include "enclave/sandbox/report.h"
#include "lib/auth/account_limits.h"
#include "lib/auth/public_key.h"
#include "lib/auth/token_issuer.h"
#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace blindai {

// What accounts and this server may use; `accounts` and tokens state limits under the same names.
struct ConfiguredLimits {
  AccountLimits accounts;
  // Of all models together, bytes of their ONNX files.
  std::optional<uint64_t> total_bytes;
  // Of all callers without an account together; `accounts` holds for each of their connections.
  std::optional<uint64_t> anonymous_predictions_per_minute;
};

// [[models]]: a model that is there from the start and nobody can change. It has no owner.
struct ConfiguredModel {
  std::string id;
  Sha256Digest sha256;
  // In the folder that the host names; the content is checked, so what the host says is a hint.
  std::string file;
  bool is_private = false;
  std::vector<PublicKey> callers;  // of a private one
};

struct MeasuredConfig {
  // Anyone may upload models and delete what was uploaded that way. For demonstrations and closed
  // networks.
  bool allow_anonymous_upload = false;
  // Who may upload without an account: root keys of owners.
  std::vector<PublicKey> owners;
  // Whose account tokens are accepted.
  std::vector<TokenIssuer> token_issuers;
  // ONNX Runtime reads one protobuf, which ends at 2 GiB.
  uint64_t max_model_bytes = uint64_t{2} << 30;
  // Of all models that live in memory only, sealed.
  uint64_t max_unsaved_bytes = uint64_t{2} << 30;
  // One prediction's tensors, in and out each.
  uint64_t max_tensor_bytes = uint64_t{256} << 20;
  // A prediction that has not finished by then is stopped and its worker replaced.
  std::chrono::seconds run_time{60};
  // The same for loading a model.
  std::chrono::seconds load_time{300};
  uint32_t max_models = 10'000;
  // Without which layers around a worker process no model is read. Basic is what every kernel and
  // container can give: full would keep the server out of most containers.
  SandboxLevel require_sandbox = SandboxLevel::kBasic;
  ConfiguredLimits limits;
  std::vector<ConfiguredModel> models;
  // The table [handover].
  HandoverRules handover;

  // The text it was read from, and the hash of that text.
  std::string text;
  Sha256Digest hash;

  bool lists_owner(const PublicKey& key) const;
  const ConfiguredModel* configured_model(std::string_view id) const;
};

// The fields above by name (run_time_s and load_time_s in seconds), as TOML. An empty text means
// all defaults. Errors, each naming the field: "config.syntax", "config.unknown-field",
// "config.type", "config.value"; policy.* for those in the tables of handover.
Outcome<MeasuredConfig> parse_measured_config(std::string_view text);

}  // namespace blindai
