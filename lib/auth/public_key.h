// The public half of an API key: the name under which servers know a caller.
//
//   baipk_0DyX…  `baipk_`, then 49 digits in base 62 (docs/formats/api-key.md)
//
// Pure.
#pragma once

#include <compare>
#include <string>

#include "lib/auth/key_text.h"

namespace blindai {

inline constexpr std::string_view kPublicKeyPrefix = "baipk_";
inline constexpr size_t kPublicKeyTextLen = kPublicKeyPrefix.size() + kKeyDigits;

// Whose bytes somebody vouched for: parse_public_key(), or an API key's own. Not proof that a
// caller holds the private half; that is ProvenKey (connection_proof.h).
struct PublicKey {
  ByteArray<32> bytes{};

  auto operator<=>(const PublicKey&) const = default;
};

std::string to_text(const PublicKey& key);

// Exactly what to_text() makes. Errors, all kMalformed: "auth.key-prefix", "auth.key-length",
// "auth.key-characters", "auth.key-checksum", "auth.key-weak" (is_ed25519_key() refuses it), and
// "auth.key-secret" for an API key where a public one belongs.
Result<PublicKey> parse_public_key(std::string_view text);

}  // namespace blindai
