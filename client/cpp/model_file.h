// A file to be uploaded, read in pieces. Internal to client/cpp.
#pragma once

#include <span>
#include <string>

#include "lib/base/result.h"

namespace blindai {

class ModelFile {
 public:
  // Errors: kNotFound "client.file.open"; kInvalid "client.file.kind" (a folder, a pipe),
  // "client.file.empty".
  static Outcome<ModelFile> open(const std::string& path);
  ~ModelFile();
  ModelFile(ModelFile&& other) noexcept : fd_(other.fd_), size_(other.size_) { other.fd_ = -1; }
  ModelFile& operator=(ModelFile&&) = delete;

  uint64_t size() const { return size_; }
  // Errors: kUnavailable "client.file.read".
  Status rewind();
  // 0 at the end. Errors: kUnavailable "client.file.read".
  Result<size_t> read(std::span<uint8_t> out);

 private:
  ModelFile(int fd, uint64_t size) : fd_(fd), size_(size) {}
  int fd_;
  uint64_t size_;
};

}  // namespace blindai
