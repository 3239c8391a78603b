// Seals the content of a model while it streams in, in constant memory.
//
//   SealWriter writer(secrets, sha256(as_bytes(id)));
//   while (!piece.empty()) {
//     ASSIGN_OR_RETURN(BytesView sealed, writer.update(piece));   // takes from the front of
//     `piece` append_to_file(sealed);
//   }
//   append_to_file(writer.finish());
//
// The pieces it returns, joined, are the file from byte kSealHeaderLen on; the header is made last,
// by seal_header(). Thread-compatible: one thread at a time. Allocates at construction only:
// kSealChunkLen + kSealedChunkLen bytes.
#pragma once

#include "lib/seal/format.h"

namespace blindai {

class SealWriter {
 public:
  // secrets: fresh for this content, never of another; borrowed for the call only.
  SealWriter(const SealSecrets& secrets, const Sha256Digest& name_hash);
  ~SealWriter() { wipe(held_.data(), held_.size()); }
  SealWriter(const SealWriter&) = delete;
  SealWriter& operator=(const SealWriter&) = delete;

  // Takes bytes off the front of `input` until a chunk is full or `input` is empty. Returns what
  // must be written next, at most kSealedChunkLen bytes, often none; valid until the next call.
  // Errors: kTooLarge "seal.content" beyond kSealMaxContent.
  Result<BytesView> update(BytesView& input);

  // The last chunk. Called once; update() is not called after it.
  BytesView finish();

  // Bytes of plaintext so far.
  uint64_t content_len() const { return content_len_; }

 private:
  BytesView seal_chunk(BytesView plaintext, bool last);

  Aes256Gcm cipher_;
  ByteArray<kSealBoundLen> binding_;
  Bytes held_;  // plaintext that waits: a full chunk stays until it is known whether it is the last
  size_t held_len_ = 0;
  Bytes sealed_;
  uint64_t next_index_ = 0;
  uint64_t content_len_ = 0;
};

}  // namespace blindai
