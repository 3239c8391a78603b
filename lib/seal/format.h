// The clear parts of the sealed-model file, version 1. docs/formats/sealed-model.md has every byte;
// docs/adr/0003-sealed-file-layout.md says why it is so.
//
//   0      256    envelope: who may open the file, and under which keys (in clear, authenticated)
//   256    65280  sealed metadata: one AES-256-GCM message that fills the rest of the header
//   65536  ...    content: chunks of 65536 bytes of plaintext, each followed by its tag
//
// Pure; not thread-safe.
#pragma once

#include "lib/base/byte_reader.h"
#include "lib/base/secret.h"
#include "lib/crypto/aead.h"

namespace blindai {

inline constexpr uint32_t kSealVersion = 1;
inline constexpr size_t kSealEnvelopeLen = 256;
inline constexpr size_t kSealHeaderLen = 65536;
inline constexpr size_t kSealMetadataLen = kSealHeaderLen - kSealEnvelopeLen - kAeadTagLen;
inline constexpr size_t kSealChunkLen = 65536;
inline constexpr size_t kSealedChunkLen = kSealChunkLen + kAeadTagLen;
// The largest content, in bytes: 2^40. Keeps one key far below the limits of SP 800-38D section 8.
inline constexpr uint64_t kSealMaxContent = uint64_t{1} << 40;
// The first bytes of the envelope, which never change while the file lives: what every chunk is
// bound to. What follows them is rewritten when the file is sealed for another measurement or key.
inline constexpr size_t kSealBoundLen = 88;
// The first bytes of the envelope, up to the wrapped key: what the wrapped key is bound to.
inline constexpr size_t kSealWrapBoundLen = 168;

// What belongs to one content for ever: a random name for it and the key it is encrypted under.
struct SealSecrets {
  Sha256Digest content_id;
  SecretKey data_key;

  static SealSecrets fresh();
  SealSecrets duplicate(KeyAccess access) const { return {content_id, data_key.duplicate(access)}; }
};

// The key of the content's chunks.
SecretKey seal_content_key(const SealSecrets& secrets);

// The envelope's fields. Unverified until open_seal_header() (header.h) has checked the tags.
struct SealEnvelope {
  Sha256Digest content_id;
  Sha256Digest name_hash;    // SHA-256 of the model id
  Sha256Digest measurement;  // of the programs it is sealed for
  ByteArray<16> key_id;      // names the sealing key without telling it
  ByteArray<32> wrap_salt;
  ByteArray<48> wrapped_key;  // the data key under the sealing key; ciphertext, then tag
  AeadNonce metadata_nonce;
};

// Reads the first kSealEnvelopeLen bytes of a file; what follows them is not looked at.
// Errors: kMalformed "seal.header" (short, or not this format), kMalformed "seal.version".
Result<SealEnvelope> parse_seal_envelope(BytesView file);
// The inverse: exactly kSealEnvelopeLen bytes.
Bytes encode_seal_envelope(const SealEnvelope& envelope);

// The kSealBoundLen bytes that every chunk of this content carries as associated data.
ByteArray<kSealBoundLen> seal_binding(const Sha256Digest& content_id,
                                      const Sha256Digest& name_hash);

// The nonce of chunk `index`: 3 zero bytes, the index in 8 bytes big-endian, 1 on the last chunk
// and 0 on every other. Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
// "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7.
AeadNonce seal_chunk_nonce(uint64_t index, bool last);

// Chunks that content of this many bytes has: at least one, and only the first may be empty.
uint64_t num_seal_chunks(uint64_t content_len);
// Length of the whole file. content_len is at most kSealMaxContent.
uint64_t sealed_file_len(uint64_t content_len);

}  // namespace blindai
