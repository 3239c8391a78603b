// Reads the ONNX file of a stored model, in order, each byte authenticated before it is handed out.
// Constant memory: two chunks. Thread-compatible: one thread at a time.
#pragma once

#include <memory>

#include "enclave/vault/file_layer.h"

namespace blindai {

class ModelReader {
 public:
  ModelReader(std::unique_ptr<File> file, const SealSecrets& secrets, const Sha256Digest& name_hash,
              uint64_t size_bytes);

  // The next bytes, as many as fit into `out` or are left; 0 only at the end.
  // Errors: kInternal "seal.chunk", "seal.truncated", "seal.trailing" (the stored file is damaged;
  // what was read before is authentic, but not the whole model); those of FileLayer. They stay.
  Result<size_t> read(std::span<uint8_t> out);

  // Bytes of the ONNX file, whatever was read already.
  uint64_t size_bytes() const { return reader_.content_len(); }

 private:
  std::unique_ptr<File> file_;
  SealReader reader_;
};

// An error of lib/seal about a stored file, as the server tells it: the damage is not the caller's.
Error stored_error(Error error);

}  // namespace blindai
