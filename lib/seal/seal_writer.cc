#include "lib/seal/seal_writer.h"

namespace blindai {

SealWriter::SealWriter(const SealSecrets& secrets, const Sha256Digest& name_hash)
    : cipher_(seal_content_key(secrets)),
      binding_(seal_binding(secrets.content_id, name_hash)),
      held_(kSealChunkLen),
      sealed_(kSealedChunkLen) {}

Result<BytesView> SealWriter::update(BytesView& input) {
  if (input.size() > kSealMaxContent - content_len_)
    return fail(Code::kTooLarge, {"seal.content", "A model may have at most 1 TiB."});
  if (held_len_ == kSealChunkLen && !input.empty()) {
    held_len_ = 0;
    return seal_chunk(held_, false);
  }
  // A whole chunk that is not the last is sealed from where it lies.
  if (held_len_ == 0 && input.size() > kSealChunkLen) {
    const BytesView chunk = input.first(kSealChunkLen);
    input = input.subspan(kSealChunkLen);
    content_len_ += kSealChunkLen;
    return seal_chunk(chunk, false);
  }
  const size_t taken = std::min(input.size(), kSealChunkLen - held_len_);
  std::copy_n(input.begin(), taken, held_.begin() + static_cast<ptrdiff_t>(held_len_));
  input = input.subspan(taken);
  held_len_ += taken;
  content_len_ += taken;
  return BytesView();
}

BytesView SealWriter::finish() {
  return seal_chunk(BytesView(held_).first(held_len_), true);
}

BytesView SealWriter::seal_chunk(BytesView plaintext, bool last) {
  const std::span<uint8_t> out = std::span(sealed_).first(plaintext.size() + kAeadTagLen);
  cipher_.seal(seal_chunk_nonce(next_index_++, last), binding_, plaintext, out);
  return out;
}

}  // namespace blindai
