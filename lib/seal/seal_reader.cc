#include "lib/seal/seal_reader.h"

namespace blindai {

SealReader::SealReader(SealSource& source, const SealSecrets& secrets,
                       const Sha256Digest& name_hash, uint64_t content_len)
    : source_(source),
      cipher_(seal_content_key(secrets)),
      binding_(seal_binding(secrets.content_id, name_hash)),
      content_len_(content_len),
      num_chunks_(num_seal_chunks(content_len)),
      sealed_(kSealedChunkLen + 1),
      opened_(kSealChunkLen) {
  BLINDAI_CHECK(content_len <= kSealMaxContent);
}

Result<size_t> SealReader::read(std::span<uint8_t> out) {
  if (failed_.has_value()) return std::unexpected(*failed_);
  Result<size_t> taken = take(out);
  if (!taken.has_value()) failed_ = taken.error();
  return taken;
}

Status SealReader::seek(uint64_t position) {
  if (position > content_len_) return fail(Code::kInvalid, "seal.seek");
  position_ = position;
  return {};
}

size_t SealReader::chunk_len(uint64_t index) const {
  return static_cast<size_t>(
      std::min<uint64_t>(kSealChunkLen, content_len_ - index * kSealChunkLen));
}

Result<size_t> SealReader::take(std::span<uint8_t> out) {
  size_t done = 0;
  while (done < out.size() && position_ < content_len_) {
    const uint64_t index = position_ / kSealChunkLen;
    const auto within = static_cast<size_t>(position_ % kSealChunkLen);
    const size_t length = chunk_len(index);
    const std::span<uint8_t> room = out.subspan(done);
    if (within == 0 && room.size() >= length && held_index_ != index) {
      RETURN_IF_ERROR(open_chunk(index, room.first(length)));
      done += length;
      position_ += length;
      continue;
    }
    if (held_index_ != index) {
      held_index_.reset();
      RETURN_IF_ERROR(open_chunk(index, std::span(opened_).first(length)));
      held_index_ = index;
    }
    const size_t n = std::min(room.size(), length - within);
    std::copy_n(opened_.begin() + static_cast<ptrdiff_t>(within), n, room.begin());
    done += n;
    position_ += n;
  }
  // Empty content has a chunk too, and a reader that was sent to the end has seen none.
  if (done == 0 && position_ == content_len_ && !last_seen_) {
    const uint64_t index = num_chunks_ - 1;
    held_index_.reset();
    RETURN_IF_ERROR(open_chunk(index, std::span(opened_).first(chunk_len(index))));
    held_index_ = index;
  }
  return done;
}

Status SealReader::open_chunk(uint64_t index, std::span<uint8_t> out) {
  const bool last = index + 1 == num_chunks_;
  const size_t expected = out.size() + kAeadTagLen;
  // One byte more behind the last chunk, where the file must end.
  const std::span<uint8_t> room = std::span(sealed_).first(expected + (last ? 1 : 0));
  const uint64_t offset = kSealHeaderLen + index * kSealedChunkLen;
  ASSIGN_OR_RETURN(const size_t got, source_.read_at(offset, room));
  if (got < expected) return fail(Code::kUntrusted, "seal.truncated");
  if (got > expected) return fail(Code::kUntrusted, "seal.trailing");
  if (!cipher_.open(seal_chunk_nonce(index, last), binding_, room.first(expected), out))
    return fail(Code::kUntrusted, "seal.chunk");
  if (last) last_seen_ = true;
  return {};
}

}  // namespace blindai
