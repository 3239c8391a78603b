#include "lib/seal/header.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Every wrapping key and metadata key is derived with a salt of its own, so each wraps one message
// and its nonce may be constant.
constexpr AeadNonce kZeroNonce{};
// RFC 5869 section 2.2: what stands for no salt.
constexpr ByteArray<32> kNoSalt{};

Aes256Gcm wrapping_cipher(const SecretKey& sealing_key, BytesView salt) {
  return Aes256Gcm(hkdf_sha256(sealing_key, salt, as_bytes("blindai-seal-v1 wrap")));
}

Aes256Gcm metadata_cipher(const SealSecrets& secrets) {
  return Aes256Gcm(
      hkdf_sha256(secrets.data_key, secrets.content_id, as_bytes("blindai-seal-v1 metadata")));
}

Result<SealEnvelope> read_envelope(BytesView file, const Sha256Digest& name_hash) {
  if (file.size() < kSealHeaderLen) return fail(Code::kMalformed, "seal.truncated", file.size());
  ASSIGN_OR_RETURN(const SealEnvelope envelope, parse_seal_envelope(file));
  if (envelope.name_hash != name_hash) return fail(Code::kUntrusted, "seal.foreign");
  return envelope;
}

// The metadata's tag covers the whole envelope, so nothing of it is taken on trust here, whatever
// way the data key came.
Result<OpenedHeader> open_with(BytesView file, const SealEnvelope& envelope, SealSecrets secrets) {
  Bytes plaintext(kSealMetadataLen);
  if (!metadata_cipher(secrets).open(
          envelope.metadata_nonce, file.first(kSealEnvelopeLen),
          file.subspan(kSealEnvelopeLen, kSealHeaderLen - kSealEnvelopeLen), plaintext))
    return fail(Code::kUntrusted, "seal.metadata");
  ASSIGN_OR_RETURN(ModelMetadata metadata, decode_metadata(plaintext));
  // The writer derives one from the other; authentic metadata of another id would be a fault of
  // ours.
  if (sha256(as_bytes(metadata.id)) != envelope.name_hash)
    return fail(Code::kMalformed, "seal.metadata");
  return OpenedHeader{std::move(secrets), std::move(metadata)};
}

Result<OpenedHeader> unwrap_and_open(BytesView file, const SealEnvelope& envelope,
                                     const SealFor& seal_for) {
  if (envelope.measurement != seal_for.measurement)
    return fail(Code::kUntrusted, "seal.measurement");
  ByteArray<32> data_key;
  if (wrapping_cipher(seal_for.key, envelope.wrap_salt)
          .open(kZeroNonce, file.first(kSealWrapBoundLen), envelope.wrapped_key, data_key))
    return open_with(file, envelope, {envelope.content_id, SecretKey(std::move(data_key))});
  // The key id only names the reason, so it is computed only when there is one to name: a store's
  // start opens thousands of headers.
  if (envelope.key_id != sealing_key_id(seal_for.key)) return fail(Code::kUntrusted, "seal.key");
  return fail(Code::kUntrusted, "seal.header");
}

}  // namespace

InheritedKeys InheritedKeys::duplicate(KeyAccess access) const {
  InheritedKeys out;
  for (const SealFor& program : programs) out.programs.push_back(program.duplicate(access));
  for (const SealSecrets& content : contents) out.contents.push_back(content.duplicate(access));
  return out;
}

SealHeaderEntropy SealHeaderEntropy::fresh() {
  SealHeaderEntropy out;
  random_bytes(out.wrap_salt);
  random_bytes(out.metadata_nonce);
  return out;
}

ByteArray<16> sealing_key_id(const SecretKey& sealing_key) {
  const SecretKey derived = hkdf_sha256(sealing_key, kNoSalt, as_bytes("blindai-seal-v1 key id"));
  ByteArray<16> out;
  std::copy_n(derived.reveal(KeyAccess()).begin(), out.size(), out.begin());
  return out;
}

Result<Bytes> seal_header(const SealSecrets& secrets, const SealFor& seal_for,
                          const ModelMetadata& metadata, const SealHeaderEntropy& entropy) {
  ASSIGN_OR_RETURN(const Bytes plaintext, encode_metadata(metadata));
  SealEnvelope envelope{.content_id = secrets.content_id,
                        .name_hash = sha256(as_bytes(metadata.id)),
                        .measurement = seal_for.measurement,
                        .key_id = sealing_key_id(seal_for.key),
                        .wrap_salt = entropy.wrap_salt,
                        .wrapped_key = {},
                        .metadata_nonce = entropy.metadata_nonce};
  const Bytes unwrapped = encode_seal_envelope(envelope);
  wrapping_cipher(seal_for.key, envelope.wrap_salt)
      .seal(kZeroNonce, BytesView(unwrapped).first(kSealWrapBoundLen),
            secrets.data_key.reveal(KeyAccess()), envelope.wrapped_key);
  Bytes out = encode_seal_envelope(envelope);
  out.resize(kSealHeaderLen);
  const std::span<uint8_t> header(out);
  metadata_cipher(secrets).seal(envelope.metadata_nonce, header.first(kSealEnvelopeLen), plaintext,
                                header.subspan(kSealEnvelopeLen));
  return out;
}

Result<OpenedHeader> open_seal_header(BytesView file, const SealFor& seal_for,
                                      const Sha256Digest& name_hash) {
  ASSIGN_OR_RETURN(const SealEnvelope envelope, read_envelope(file, name_hash));
  return unwrap_and_open(file, envelope, seal_for);
}

Result<OpenedHeader> open_seal_header(BytesView file, const KeyRing& keys,
                                      const Sha256Digest& name_hash) {
  ASSIGN_OR_RETURN(const SealEnvelope envelope, read_envelope(file, name_hash));
  Result<OpenedHeader> opened = unwrap_and_open(file, envelope, keys.own);
  const auto fits = [&opened] {
    return opened.has_value() ||
           (opened.error().name() != "seal.measurement" && opened.error().name() != "seal.key");
  };
  if (fits()) return opened;
  Error why = opened.error();
  for (const SealFor& program : keys.inherited.programs) {
    opened = unwrap_and_open(file, envelope, program);
    if (fits()) return opened;
    if (opened.error().name() == "seal.key") why = opened.error();
  }
  for (const SealSecrets& content : keys.inherited.contents)
    if (content.content_id == envelope.content_id)
      return open_with(file, envelope, content.duplicate(KeyAccess()));
  return std::unexpected(why);
}

}  // namespace blindai
