#include "lib/crypto/aead.h"

#include <algorithm>
#include <openssl/evp.h>
#include <utility>

namespace blindai {
namespace {

constexpr size_t kMaxMessage = size_t{1} << 30;  // EVP counts in int

EVP_CIPHER_CTX* keyed(const SecretKey& key, int encrypt) {
  EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
  // The default nonce length of the cipher is kAeadNonceLen.
  BLINDAI_CHECK(ctx != nullptr &&
                EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key.reveal(KeyAccess()).data(),
                                  nullptr, encrypt) == 1);
  return ctx;
}

// Starts a message under the key that is already expanded, and feeds it the associated data.
void begin(EVP_CIPHER_CTX* ctx, const AeadNonce& nonce, BytesView aad) {
  int ignored = 0;
  BLINDAI_CHECK(aad.size() <= kMaxMessage &&
                EVP_CipherInit_ex(ctx, nullptr, nullptr, nullptr, nonce.data(), -1) == 1);
  if (!aad.empty())
    BLINDAI_CHECK(
        EVP_CipherUpdate(ctx, nullptr, &ignored, aad.data(), static_cast<int>(aad.size())) == 1);
}

void update(EVP_CIPHER_CTX* ctx, BytesView in, std::span<uint8_t> out) {
  if (in.empty()) return;
  int written = 0;
  BLINDAI_CHECK(
      EVP_CipherUpdate(ctx, out.data(), &written, in.data(), static_cast<int>(in.size())) == 1 &&
      static_cast<size_t>(written) == in.size());
}

}  // namespace

Aes256Gcm::Aes256Gcm(const SecretKey& key) : encrypt_(keyed(key, 1)), decrypt_(keyed(key, 0)) {}

Aes256Gcm::~Aes256Gcm() {
  EVP_CIPHER_CTX_free(encrypt_);
  EVP_CIPHER_CTX_free(decrypt_);
}

Aes256Gcm::Aes256Gcm(Aes256Gcm&& other) noexcept
    : encrypt_(std::exchange(other.encrypt_, nullptr)),
      decrypt_(std::exchange(other.decrypt_, nullptr)) {}

Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&& other) noexcept {
  std::swap(encrypt_, other.encrypt_);
  std::swap(decrypt_, other.decrypt_);
  return *this;
}

void Aes256Gcm::seal(const AeadNonce& nonce, BytesView aad, BytesView plaintext,
                     std::span<uint8_t> out) {
  BLINDAI_CHECK(plaintext.size() <= kMaxMessage && out.size() == plaintext.size() + kAeadTagLen);
  begin(encrypt_, nonce, aad);
  update(encrypt_, plaintext, out);
  int ignored = 0;
  uint8_t* tag = out.data() + plaintext.size();
  BLINDAI_CHECK(EVP_CipherFinal_ex(encrypt_, tag, &ignored) == 1 &&
                EVP_CIPHER_CTX_ctrl(encrypt_, EVP_CTRL_GCM_GET_TAG, kAeadTagLen, tag) == 1);
}

bool Aes256Gcm::open(const AeadNonce& nonce, BytesView aad, BytesView sealed,
                     std::span<uint8_t> out) {
  if (sealed.size() < kAeadTagLen || sealed.size() > kMaxMessage) {
    wipe(out.data(), out.size());
    return false;
  }
  const BytesView ciphertext = sealed.first(sealed.size() - kAeadTagLen);
  BLINDAI_CHECK(out.size() == ciphertext.size());
  ByteArray<kAeadTagLen> tag;
  std::copy(sealed.end() - kAeadTagLen, sealed.end(), tag.begin());
  begin(decrypt_, nonce, aad);
  update(decrypt_, ciphertext, out);
  BLINDAI_CHECK(EVP_CIPHER_CTX_ctrl(decrypt_, EVP_CTRL_GCM_SET_TAG, kAeadTagLen, tag.data()) == 1);
  int ignored = 0;
  uint8_t nothing[kAeadTagLen];
  if (EVP_CipherFinal_ex(decrypt_, nothing, &ignored) == 1) return true;
  wipe(out.data(), out.size());
  return false;
}

}  // namespace blindai
