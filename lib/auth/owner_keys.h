// The bodies of /v1/keys, as both ends write and read them.
//
//   {"owner":"baipk_…","keys":[{"key":"baipk_…","state":"active"},…]}   what each of them answers
//   {"key":"baipk_…","consent":"…"}                                     POST: an endorsement
//
// Strict JSON; no other member.   Pure.
#pragma once

#include <vector>

#include "lib/auth/endorsement.h"

namespace blindai {

inline constexpr size_t kMaxOwnerKeys = 64;  // that one owner has had, retired ones included

enum class KeyState : uint8_t { kActive, kRetired };
std::string_view name_of(KeyState state);  // "active", "retired"

struct OwnerKey {
  PublicKey key;
  KeyState state = KeyState::kActive;
  bool operator==(const OwnerKey&) const = default;
};

// An owner, named by its root key, and every key it has had; the root is one of them.
struct OwnerKeys {
  PublicKey owner;
  std::vector<OwnerKey> keys;
  bool operator==(const OwnerKeys&) const = default;
};

std::string to_json(const OwnerKeys& keys);
// Errors: kMalformed json.*, "auth.keys-layout", and those of parse_public_key().
Result<OwnerKeys> parse_owner_keys(std::string_view json);

// The body of an endorsement. Its owner is not in it: that is whose key asks.
std::string endorsement_to_json(const Endorsement& endorsement);
// `owner`: of the caller, by its connection proof. Errors: kMalformed json.*,
// "auth.endorsement-layout", and those of parse_public_key() and parse_consent().
Result<Endorsement> parse_endorsement(std::string_view json, const PublicKey& owner);

}  // namespace blindai
