#include "lib/auth/endorsement.h"

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr std::string_view kEndorsementLabel = "blindai-endorse-v1";

Bytes consent_bytes(const PublicKey& owner, const PublicKey& key) {
  Bytes out = to_bytes(as_bytes(kEndorsementLabel));
  put_u8(out, 0);
  append(out, owner.bytes);
  append(out, key.bytes);
  return out;
}

}  // namespace

Endorsement make_endorsement(const ApiKey& new_key, const PublicKey& owner) {
  return {owner, new_key.public_key(), new_key.sign(consent_bytes(owner, new_key.public_key()))};
}

std::string consent_to_text(const Endorsement& endorsement) {
  return to_base64url(endorsement.consent);
}

Result<ByteArray<kEd25519SignatureLen>> parse_consent(std::string_view text) {
  ByteArray<kEd25519SignatureLen> out;
  const auto raw = from_base64url(text);
  if (raw.has_value()) {
    ByteReader r(*raw);
    if (r.array(out) && r.done()) return out;
  }
  return fail(Code::kMalformed,
              {"auth.consent-layout",
               "A consent is 86 characters of base64url; \"blindai keys consent\" prints it on the "
               "machine that has the new key."});
}

Result<ConsentingKey> verify_endorsement(const Endorsement& endorsement) {
  if (endorsement.owner == endorsement.key)
    return fail(Code::kInvalid,
                {"auth.endorse-self", "This is the owner's root key; endorse another one."});
  if (!verify_ed25519(endorsement.key.bytes, consent_bytes(endorsement.owner, endorsement.key),
                      endorsement.consent))
    return fail(Code::kDenied,
                {"auth.consent",
                 "The new key has not consented to belong to this owner; run \"blindai keys "
                 "consent --owner\" with the owner's root key where the new key is."});
  return ConsentingKey(endorsement.owner, endorsement.key);
}

}  // namespace blindai
