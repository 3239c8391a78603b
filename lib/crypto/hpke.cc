#include "lib/crypto/hpke.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <utility>

#include "lib/crypto/error_queue.h"
#include "lib/crypto/owned.h"
#include "lib/crypto/pkey.h"

namespace blindai {
namespace {

using PkeyCtxPtr = Owned<EVP_PKEY_CTX_free>;

// RFC 9180 sections 4.1 and 5.1: "KEM" and the KEM's id; "HPKE" and the ids of KEM, KDF and AEAD.
constexpr uint8_t kKemSuite[] = {'K', 'E', 'M', 0x00, 0x20};
constexpr uint8_t kHpkeSuite[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x02};
constexpr uint8_t kModeBase = 0;
constexpr size_t kMaxOutput = 32;

Bytes labeled(BytesView suite, std::string_view label, BytesView more) {
  Bytes out = to_bytes(as_bytes("HPKE-v1"));
  append(out, suite);
  append(out, as_bytes(label));
  append(out, more);
  return out;
}

// HKDF-Extract or HKDF-Expand (RFC 5869), by `mode`; `second` is the salt or the info.
void hkdf(int mode, BytesView key, BytesView second, std::span<uint8_t> out) {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  size_t length = out.size();
  BLINDAI_CHECK(ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1 &&
                EVP_PKEY_CTX_set_hkdf_mode(ctx.get(), mode) == 1 &&
                EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), key.data(), static_cast<int>(key.size())) ==
                    1);
  const bool extract = mode == EVP_PKEY_HKDEF_MODE_EXTRACT_ONLY;
  BLINDAI_CHECK((extract ? EVP_PKEY_CTX_set1_hkdf_salt(ctx.get(), second.data(),
                                                       static_cast<int>(second.size()))
                         : EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), second.data(),
                                                       static_cast<int>(second.size()))) == 1 &&
                EVP_PKEY_derive(ctx.get(), out.data(), &length) == 1 && length == out.size());
}

// LabeledExtract of RFC 9180 section 4. An absent salt is as many zeros as the hash is long
// (RFC 5869 section 2.2), which HMAC takes for the empty key.
SecretKey labeled_extract(BytesView salt, BytesView suite, std::string_view label, BytesView ikm) {
  constexpr ByteArray<32> kNoSalt{};
  Bytes input = labeled(suite, label, ikm);
  ByteArray<32> out;
  hkdf(EVP_PKEY_HKDEF_MODE_EXTRACT_ONLY, input, salt.empty() ? BytesView(kNoSalt) : salt, out);
  wipe(input.data(), input.size());
  return SecretKey(std::move(out));
}

template <size_t N>
Secret<ByteArray<N>> labeled_expand(const SecretKey& prk, BytesView suite, std::string_view label,
                                    BytesView info) {
  static_assert(N <= kMaxOutput);
  Bytes input = {0, N};
  append(input, labeled(suite, label, info));
  ByteArray<N> out;
  hkdf(EVP_PKEY_HKDEF_MODE_EXPAND_ONLY, prk.reveal(KeyAccess()), input, out);
  return Secret<ByteArray<N>>(std::move(out));
}

// DH, then ExtractAndExpand (section 4.1). False for a peer's key of small order: OpenSSL refuses
// to give out the all-zero value that comes of it.
bool shared_secret(EVP_PKEY* mine, const HpkePublicKey& peer, const HpkePublicKey& enc,
                   const HpkePublicKey& receiver, SecretKey& out) {
  const ErrorQueue errors;
  const PkeyPtr other(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new(mine, nullptr));
  BLINDAI_CHECK(other != nullptr && ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1);
  ByteArray<32> dh;
  size_t length = dh.size();
  if (EVP_PKEY_derive_set_peer(ctx.get(), other.get()) != 1 ||
      EVP_PKEY_derive(ctx.get(), dh.data(), &length) != 1 || length != dh.size())
    return false;
  Bytes context = to_bytes(enc);
  append(context, receiver);
  const SecretKey prk = labeled_extract({}, kKemSuite, "eae_prk", dh);
  wipe(dh.data(), dh.size());
  out = labeled_expand<32>(prk, kKemSuite, "shared_secret", context);
  return true;
}

struct Context {
  SecretKey key;
  Secret<AeadNonce> nonce;
};

// KeySchedule of section 5.1 for the base mode: no pre-shared key.
Context key_schedule(const SecretKey& secret, BytesView info) {
  Bytes context = {kModeBase};
  append(context, labeled_extract({}, kHpkeSuite, "psk_id_hash", {}).reveal(KeyAccess()));
  append(context, labeled_extract({}, kHpkeSuite, "info_hash", info).reveal(KeyAccess()));
  const SecretKey prk = labeled_extract(secret.reveal(KeyAccess()), kHpkeSuite, "secret", {});
  return {labeled_expand<32>(prk, kHpkeSuite, "key", context),
          labeled_expand<kAeadNonceLen>(prk, kHpkeSuite, "base_nonce", context)};
}

}  // namespace

HpkeKey::HpkeKey() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")) {
  BLINDAI_CHECK(key_ != nullptr);
}
HpkeKey::HpkeKey(const SecretKey& scalar)
    : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, scalar.reveal(KeyAccess()).data(),
                                        32)) {
  BLINDAI_CHECK(key_ != nullptr);
}
HpkeKey::~HpkeKey() {
  EVP_PKEY_free(key_);
}
HpkeKey::HpkeKey(HpkeKey&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
HpkeKey& HpkeKey::operator=(HpkeKey&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}

HpkePublicKey HpkeKey::public_key() const {
  HpkePublicKey out;
  size_t length = out.size();
  BLINDAI_CHECK(EVP_PKEY_get_raw_public_key(key_, out.data(), &length) == 1 &&
                length == out.size());
  return out;
}

Result<Bytes> HpkeKey::open(const HpkePublicKey& enc, BytesView info, BytesView aad,
                            BytesView text) const {
  SecretKey secret;
  if (text.size() < kAeadTagLen || !shared_secret(key_, enc, enc, public_key(), secret))
    return fail(Code::kUntrusted, "crypto.hpke.open");
  const Context context = key_schedule(secret, info);
  Bytes out(text.size() - kAeadTagLen);
  if (!Aes256Gcm(context.key).open(context.nonce.reveal(KeyAccess()), aad, text, out))
    return fail(Code::kUntrusted, "crypto.hpke.open");
  return out;
}

Result<HpkeSealed> hpke_seal_from(const HpkeKey& ephemeral, const HpkePublicKey& to, BytesView info,
                                  BytesView aad, BytesView plaintext) {
  HpkeSealed out{ephemeral.public_key(), Bytes(plaintext.size() + kAeadTagLen)};
  SecretKey secret;
  if (!shared_secret(ephemeral.key_, to, out.enc, to, secret))
    return fail(Code::kUntrusted, "crypto.hpke.key");
  const Context context = key_schedule(secret, info);
  Aes256Gcm(context.key).seal(context.nonce.reveal(KeyAccess()), aad, plaintext, out.text);
  return out;
}

Result<HpkeSealed> hpke_seal(const HpkePublicKey& to, BytesView info, BytesView aad,
                             BytesView plaintext) {
  return hpke_seal_from(HpkeKey(), to, info, aad, plaintext);
}

}  // namespace blindai
