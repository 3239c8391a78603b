#include "lib/crypto/crypto.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "lib/crypto/owned.h"

namespace blindai {

Sha256Digest sha256(BytesView data) {
  Sha256Digest out;
  BLINDAI_CHECK(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) ==
                1);
  return out;
}

ByteArray<48> sha384(BytesView data) {
  ByteArray<48> out;
  BLINDAI_CHECK(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha384(), nullptr) ==
                1);
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  BLINDAI_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}
void Sha256::update(BytesView data) {
  BLINDAI_CHECK(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
}
Sha256Digest Sha256::finish() {
  Sha256Digest out;
  BLINDAI_CHECK(EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1);
  return out;
}

void random_bytes(std::span<uint8_t> out) {
  BLINDAI_CHECK(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

SecretKey hkdf_sha256(const SecretKey& key, BytesView salt, BytesView info) {
  const Owned<EVP_PKEY_CTX_free> ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  const ByteArray<32>& raw = key.reveal(KeyAccess());
  ByteArray<32> out;
  size_t out_len = out.size();
  BLINDAI_CHECK(
      ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1 &&
      EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_salt(ctx.get(), salt.data(), static_cast<int>(salt.size())) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), raw.data(), static_cast<int>(raw.size())) == 1 &&
      EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), info.data(), static_cast<int>(info.size())) == 1 &&
      EVP_PKEY_derive(ctx.get(), out.data(), &out_len) == 1 && out_len == out.size());
  return SecretKey(std::move(out));
}

SigningKey SigningKey::generate() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  BLINDAI_CHECK(key != nullptr);
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::from_scalar(const ByteArray<32>& scalar) {
  PkeyPtr key = ec_key(scalar);
  if (key == nullptr) return fail(Code::kInvalid, "crypto.p256.scalar");
  return SigningKey(std::move(key));
}

ByteArray<64> SigningKey::sign_raw(BytesView message) const {
  return ec_sign<32>(key_, message);
}

ByteArray<64> SigningKey::public_point() const {
  return ec_point<32>(key_);
}

Bytes SigningKey::spki() const {
  return spki_of(key_);
}

}  // namespace blindai
