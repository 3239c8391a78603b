// How an owner comes to have a second key: the new key consents, and a key that the owner has
// already asks the server to take it (its connection proof is its authority).
//
// The consent is the NEW key's Ed25519 signature over "blindai-endorse-v1", a zero byte, the
// owner's root public key and the new public key; docs/formats/endorsement.md. Without it an owner
// could bind somebody else's key to its own name, and so lock that key out of owning anything.
// Pure.
#pragma once

#include "lib/auth/api_key.h"

namespace blindai {

// Unverified: what the request says.
struct Endorsement {
  PublicKey owner;  // the root key of the owner that is to have `key`
  PublicKey key;
  ByteArray<kEd25519SignatureLen> consent;
  bool operator==(const Endorsement&) const = default;
};

// On the machine that has the new key.
Endorsement make_endorsement(const ApiKey& new_key, const PublicKey& owner);

// The consent as text: base64url of 64 bytes, 86 characters.
std::string consent_to_text(const Endorsement& endorsement);
// Exactly what consent_to_text() makes. Errors: kMalformed "auth.consent-layout".
Result<ByteArray<kEd25519SignatureLen>> parse_consent(std::string_view text);

// A key that agreed to belong to an owner.
class ConsentingKey {
 public:
  const PublicKey& owner() const { return owner_; }
  const PublicKey& key() const { return key_; }

 private:
  friend Result<ConsentingKey> verify_endorsement(const Endorsement& endorsement);
  ConsentingKey(const PublicKey& owner, const PublicKey& key) : owner_(owner), key_(key) {}
  PublicKey owner_;
  PublicKey key_;
};

// Errors: kInvalid "auth.endorse-self" (an owner's root is its own already); kDenied
// "auth.consent".
Result<ConsentingKey> verify_endorsement(const Endorsement& endorsement);

}  // namespace blindai
