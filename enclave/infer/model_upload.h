// Moves a model from its source into a sealed memfd, a piece at a time.
//
// The bytes are written, never mapped, so a large model does not become part of this process; they
// pass through one buffer of kPiece bytes, which is wiped. Decrypting into a mapping of the memfd
// instead saves no time: taking its pages first, so that a lack of memory is an error and not a
// signal, and mapping them cost more than copying out of the processor's cache (700 MB: 1.8 s
// against 1.0 s for the written form, on one machine).
// Threads: one at a time.
#pragma once

#include "enclave/infer/worker.h"

namespace blindai {

class ModelUpload {
 public:
  static constexpr size_t kPiece = 64 * 1024;
  // Long enough that going back and forth between threads costs nothing, short enough that others
  // who use that thread do not wait: a millisecond or two.
  static constexpr size_t kBackgroundStep = 1024 * 1024;

  ModelUpload(std::unique_ptr<ModelSource> source, uint64_t model_bytes)
      : source_(std::move(source)), model_bytes_(model_bytes) {}
  ~ModelUpload();
  ModelUpload(const ModelUpload&) = delete;
  ModelUpload& operator=(const ModelUpload&) = delete;

  // Moves at most max_bytes, and at least one piece. True when the whole model is there and sealed.
  // Errors: the source's; kMalformed infer.model-size; kRefused model.size (empty);
  // kUnavailable infer.memory.
  Result<bool> step(size_t max_bytes);
  uint64_t model_bytes() const { return model_bytes_; }
  // Once, after step() was true.
  OwnedFd take() { return std::move(memory_); }

 private:
  Status write_all(BytesView bytes);
  Result<bool> step_piece();

  std::unique_ptr<ModelSource> source_;
  const uint64_t model_bytes_;
  uint64_t written_ = 0;
  OwnedFd memory_;
  Bytes piece_;
};

}  // namespace blindai
