// Sealing to a public key: HPKE (RFC 9180) in its base mode, one message a key pair, with
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. Over OpenSSL, which stays out of this
// header.
//
//   const HpkeKey mine;                                   // the receiver's, made for one message
//   HpkeSealed sealed = hpke_seal(public_key, info, aad, plaintext);           // the sender
//   Result<Bytes> plaintext = mine.open(sealed.enc, info, aad, sealed.text);   // the receiver
//
// The sender is not authenticated: that is the affair of whatever brings the message.
#pragma once

#include <span>

#include "lib/base/bytes.h"
#include "lib/base/secret.h"
#include "lib/crypto/aead.h"

struct evp_pkey_st;

namespace blindai {

using HpkePublicKey = ByteArray<32>;

struct HpkeSealed {
  HpkePublicKey enc;  // "encapsulated key": the sender's own public key, made for this message
  Bytes text;         // ciphertext, then the tag of kAeadTagLen bytes
};

// An X25519 private key.
class HpkeKey {
 public:
  HpkeKey();  // a new one
  // Every 32 bytes are a private key (RFC 7748 section 5). For test vectors.
  explicit HpkeKey(const SecretKey& scalar);
  ~HpkeKey();
  HpkeKey(HpkeKey&& other) noexcept;
  HpkeKey& operator=(HpkeKey&& other) noexcept;

  HpkePublicKey public_key() const;
  // The plaintext; whoever needs it secret wipes it. Errors: kUntrusted "crypto.hpke.open" when the
  // message was not sealed so to this key.
  Result<Bytes> open(const HpkePublicKey& enc, BytesView info, BytesView aad, BytesView text) const;

 private:
  friend Result<HpkeSealed> hpke_seal_from(const HpkeKey& ephemeral, const HpkePublicKey& to,
                                           BytesView info, BytesView aad, BytesView plaintext);
  evp_pkey_st* key_;
};

// Errors: kUntrusted "crypto.hpke.key" for a public key of small order, with which the secret would
// be no secret (RFC 9180 section 7.1.4).
Result<HpkeSealed> hpke_seal(const HpkePublicKey& to, BytesView info, BytesView aad,
                             BytesView plaintext);
// The same with the sender's key given, which is otherwise new for each message. For test vectors.
Result<HpkeSealed> hpke_seal_from(const HpkeKey& ephemeral, const HpkePublicKey& to, BytesView info,
                                  BytesView aad, BytesView plaintext);

}  // namespace blindai
