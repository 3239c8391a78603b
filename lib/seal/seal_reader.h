// Opens the content of a sealed model, in order from any place, in constant memory.
//
//   ASSIGN_OR_RETURN(OpenedHeader header, open_seal_header(first_bytes, seal_for, name_hash));
//   SealReader reader(source, header.secrets, name_hash, header.metadata.size);
//   ASSIGN_OR_RETURN(size_t n, reader.read(buffer));    // 0: the end, and all of it was authentic
//
// Nothing is handed out before its chunk was authenticated. Thread-compatible: one thread at a
// time. Allocates at construction only: 2 * kSealedChunkLen bytes or so.
#pragma once

#include <optional>

#include "lib/seal/format.h"

namespace blindai {

// Where the bytes of a sealed file come from.
class SealSource {
 public:
  virtual ~SealSource() = default;
  // Up to out.size() bytes from `offset` on; fewer only where the file ends.
  virtual Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out) = 0;
};

class SealReader {
 public:
  // source: the whole file, header included; it outlives the reader. content_len: from the
  // authenticated metadata, or what SealWriter::content_len() said.
  SealReader(SealSource& source, const SealSecrets& secrets, const Sha256Digest& name_hash,
             uint64_t content_len);
  ~SealReader() { wipe(opened_.data(), opened_.size()); }
  SealReader(const SealReader&) = delete;
  SealReader& operator=(const SealReader&) = delete;

  // The next bytes of the content: as many as fit into `out` or are left; 0 only at the end, or for
  // an empty `out`. The end is reported only after the last chunk was authenticated and nothing was
  // found behind it.
  // Errors: kUntrusted "seal.chunk" (changed, moved, or of another file), "seal.truncated",
  // "seal.trailing"; and those of the source. After an error every call returns it again.
  Result<size_t> read(std::span<uint8_t> out);

  // Continues at this byte of the content. Errors: kInvalid "seal.seek" behind the end.
  Status seek(uint64_t position);

  uint64_t content_len() const { return content_len_; }

 private:
  size_t chunk_len(uint64_t index) const;
  Result<size_t> take(std::span<uint8_t> out);
  Status open_chunk(uint64_t index, std::span<uint8_t> out);

  SealSource& source_;
  Aes256Gcm cipher_;
  ByteArray<kSealBoundLen> binding_;
  const uint64_t content_len_;
  const uint64_t num_chunks_;
  Bytes sealed_;                        // a sealed chunk, and one byte to find what must not follow
  Bytes opened_;                        // the plaintext of chunk held_index_
  std::optional<uint64_t> held_index_;  // set when opened_ holds a chunk
  uint64_t position_ = 0;
  bool last_seen_ = false;  // the last chunk was opened, so the file has no other end
  std::optional<Error> failed_;
};

}  // namespace blindai
