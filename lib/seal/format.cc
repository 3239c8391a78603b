#include "lib/seal/format.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Like PNG's: a byte over 127 and both line ends, so that a text-mode copy shows at once.
constexpr ByteArray<8> kMagic = {0x89, 'B', 'A', 'I', 'S', 'E', '\r', '\n'};
// AES-256-GCM, and HKDF with SHA-256.
constexpr uint32_t kSuite = 1;
constexpr size_t kReservedLen = 28;

Bytes encode_bound(const Sha256Digest& content_id, const Sha256Digest& name_hash) {
  Bytes out;
  out.reserve(kSealEnvelopeLen);
  append(out, kMagic);
  put_u32le(out, kSealVersion);
  put_u32le(out, kSuite);
  put_u32le(out, kSealHeaderLen);
  put_u32le(out, kSealChunkLen);
  append(out, content_id);
  append(out, name_hash);
  BLINDAI_CHECK(out.size() == kSealBoundLen);
  return out;
}

}  // namespace

SealSecrets SealSecrets::fresh() {
  Sha256Digest content_id;
  ByteArray<32> key;
  random_bytes(content_id);
  random_bytes(key);
  return {content_id, SecretKey(std::move(key))};
}

SecretKey seal_content_key(const SealSecrets& secrets) {
  return hkdf_sha256(secrets.data_key, secrets.content_id, as_bytes("blindai-seal-v1 content"));
}

Result<SealEnvelope> parse_seal_envelope(BytesView file) {
  ByteReader r(file);
  ByteArray<8> magic;
  uint32_t version = 0;
  uint32_t suite = 0;
  uint32_t header_len = 0;
  uint32_t chunk_len = 0;
  SealEnvelope out;
  if (!r.array(magic) || magic != kMagic) return fail(Code::kMalformed, "seal.header", r.at());
  if (!r.u32le(version)) return fail(Code::kMalformed, "seal.header", r.at());
  if (version != kSealVersion) return fail(Code::kMalformed, "seal.version", r.at());
  if (!r.u32le(suite) || suite != kSuite || !r.u32le(header_len) || header_len != kSealHeaderLen ||
      !r.u32le(chunk_len) || chunk_len != kSealChunkLen || !r.array(out.content_id) ||
      !r.array(out.name_hash) || !r.array(out.measurement) || !r.array(out.key_id) ||
      !r.array(out.wrap_salt) || !r.array(out.wrapped_key) || !r.array(out.metadata_nonce) ||
      !r.zeros(kReservedLen))
    return fail(Code::kMalformed, "seal.header", r.at());
  return out;
}

Bytes encode_seal_envelope(const SealEnvelope& envelope) {
  Bytes out = encode_bound(envelope.content_id, envelope.name_hash);
  append(out, envelope.measurement);
  append(out, envelope.key_id);
  append(out, envelope.wrap_salt);
  BLINDAI_CHECK(out.size() == kSealWrapBoundLen);
  append(out, envelope.wrapped_key);
  append(out, envelope.metadata_nonce);
  put_zeros(out, kReservedLen);
  BLINDAI_CHECK(out.size() == kSealEnvelopeLen);
  return out;
}

ByteArray<kSealBoundLen> seal_binding(const Sha256Digest& content_id,
                                      const Sha256Digest& name_hash) {
  ByteArray<kSealBoundLen> out;
  std::ranges::copy(encode_bound(content_id, name_hash), out.begin());
  return out;
}

AeadNonce seal_chunk_nonce(uint64_t index, bool last) {
  AeadNonce out{};
  for (size_t i = 0; i < 8; ++i) out[3 + i] = static_cast<uint8_t>(index >> (56 - 8 * i));
  out[11] = last ? 1 : 0;
  return out;
}

uint64_t num_seal_chunks(uint64_t content_len) {
  return content_len == 0 ? 1 : (content_len + kSealChunkLen - 1) / kSealChunkLen;
}

uint64_t sealed_file_len(uint64_t content_len) {
  return kSealHeaderLen + content_len + num_seal_chunks(content_len) * kAeadTagLen;
}

}  // namespace blindai
