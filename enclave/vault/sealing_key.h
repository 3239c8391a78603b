// Where a server's sealing key comes from. Hardware is to derive it for one measurement, which is
// not built yet; until then a server on hardware seals under a key that ends with it. The one for
// --tee simulation protects nothing.
#pragma once

#include <string_view>

#include "enclave/vault/file_layer.h"
#include "lib/base/secret.h"

namespace blindai {

struct SealingKey {
  SecretKey secret;
  // For the log at start: "INSECURE simulation key, a file beside the models".
  std::string_view source;
  // True when whoever has the machine has the key.
  bool insecure;
};

// The file in the store that simulation_sealing_key() keeps its key in.
inline constexpr std::string_view kInsecureKeyFile = "insecure-simulation-key";

// INSECURE: 32 random bytes in kInsecureKeyFile, made at the first call, in clear, beside the
// models they seal. Only for --tee simulation, where nothing is protected from the operator anyway.
// Errors: kUnavailable "vault.simulation-key" when the file is not 32 bytes long (never replaced,
// because the models sealed under it would be lost); those of FileLayer.
Result<SealingKey> simulation_sealing_key(FileLayer& files);

// 32 random bytes that are kept in memory alone: what is sealed under them ends with this process,
// for the operator and for everybody else.
SealingKey momentary_sealing_key();

}  // namespace blindai
