#include "enclave/vault/model_reader.h"

namespace blindai {

Error stored_error(Error error) {
  if (error.code == Code::kMalformed || error.code == Code::kUntrusted) {
    error.code = Code::kInternal;
    error.at = 0;
  }
  return error;
}

ModelReader::ModelReader(std::unique_ptr<File> file, const SealSecrets& secrets,
                         const Sha256Digest& name_hash, uint64_t size_bytes)
    : file_(std::move(file)), reader_(*file_, secrets, name_hash, size_bytes) {}

Result<size_t> ModelReader::read(std::span<uint8_t> out) {
  Result<size_t> n = reader_.read(out);
  if (!n.has_value()) return std::unexpected(stored_error(n.error()));
  return n;
}

}  // namespace blindai
