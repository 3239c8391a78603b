// Where a server's sealing key comes from: a secret of the TEE's, or one that stands for it, and
// from that secret a key for these programs and this configuration's rules alone.
#pragma once

#include <string_view>

#include "enclave/vault/file_layer.h"
#include "lib/base/secret.h"

namespace blindai {

struct SealingRoot {
  SecretKey secret;
  // For the log at start: "INSECURE simulation secret, a file beside the models".
  std::string_view source;
  // True when whoever has the machine has the secret.
  bool insecure = false;
  // True when the next start of the same programs here gets the same secret.
  bool lasts = false;
};

// The file in the store that simulation_sealing_root() keeps its secret in.
inline constexpr std::string_view kInsecureKeyFile = "insecure-simulation-key";

// INSECURE: 32 random bytes in kInsecureKeyFile, made at the first call, in clear, beside the
// models they seal. Only for --tee simulation, where nothing is protected from the operator anyway.
// Errors: kUnavailable "vault.simulation-key" when the file is not 32 bytes long (never replaced,
// because the models sealed under it would be lost); those of FileLayer.
Result<SealingRoot> simulation_sealing_root(FileLayer& files);

// 32 random bytes that are kept in memory alone: what is sealed under them ends with this process,
// for the operator and for everybody else.
SealingRoot momentary_sealing_root();

// What EvidenceSource::sealing_root() gave.
SealingRoot hardware_sealing_root(SecretKey secret);

// HKDF-SHA-256 of the root's secret with no salt and "blindai-seal-v1 sealing key" || measurement
// || rules as info. `measurement`: of the running programs, so that in the simulation too no other
// program gets the key. `rules`: of MeasuredConfig::handover.to (handover_config.h), so that an
// operator who writes other rules cannot have the models that came under the old ones handed over
// by them (docs/adr/0007-handover.md).
SecretKey derive_sealing_key(const SecretKey& root, const Sha256Digest& measurement,
                             const Sha256Digest& rules);

}  // namespace blindai
