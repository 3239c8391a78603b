// A folder of the machine as a FileLayer. The folder is opened once and everything is relative to
// that descriptor; symbolic links are never followed; files are made with mode 0600, the folder
// with 0700 when it is missing.
#pragma once

#include <memory>
#include <string>

#include "enclave/vault/file_layer.h"

namespace blindai {

class PosixFileLayer : public FileLayer {
 public:
  // Takes the folder for this process alone (flock), until the object dies; blocks up to a second
  // for it. Errors: kConflict "vault.in-use" when another process has it; those of FileLayer.
  static Result<std::unique_ptr<PosixFileLayer>> open_folder(const std::string& path);
  // The same without taking it: until take() succeeds, another process may have it. For a handover,
  // whose new server gets the store from the old one.
  static Result<std::unique_ptr<PosixFileLayer>> open_beside(const std::string& path);
  // As open_folder() does. Errors: the same.
  Status take();
  // For another process to take. What is open stays open.
  void release();
  ~PosixFileLayer() override;
  PosixFileLayer(const PosixFileLayer&) = delete;
  PosixFileLayer& operator=(const PosixFileLayer&) = delete;

  Result<std::unique_ptr<File>> open(const std::string& name) override;
  Result<std::unique_ptr<File>> create(const std::string& name) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& name) override;
  Result<std::vector<std::string>> list() override;
  Status sync_dir() override;

 private:
  explicit PosixFileLayer(int folder_fd) : folder_fd_(folder_fd) {}
  int folder_fd_;
};

}  // namespace blindai
