// The operations the vault needs of a folder, as an interface, so that tests can fail each of them.
//
// Names are single path components that the vault makes itself (store_names.h), never anything a
// client sent. Errors common to all calls:
//   kNoSpace     vault.no-space      the disk or the folder's quota is full
//   kNotFound    vault.file-missing  no file by that name
//   kConflict    vault.file-exists   a file by that name is there already
//   kUnavailable vault.io            everything else
// A change of the folder (create, rename, unlink) is durable once sync_dir() returned, a change of
// a file once its sync() returned; both orders of loss are possible before that. Threads: a
// FileLayer may be called from several threads; a File from one at a time, except read_at(), which
// may run beside itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/seal/seal_reader.h"

namespace blindai {

// An open file. Closed by its destructor. It stays readable after its name is gone.
class File : public SealSource {
 public:
  // All of `data`, or an error; then the file may hold any part of it.
  virtual Status write_at(uint64_t offset, BytesView data) = 0;
  // Puts `length` bytes of `from`, from `offset` on, at the same place of this file; by the file
  // system itself where it can, without copying where it can do that. Errors: kUnavailable
  // "vault.io" when `from` has fewer; then, and after any other, the file may hold any part.
  virtual Status copy_from(File& from, uint64_t offset, uint64_t length);
  // Length in bytes.
  virtual Result<uint64_t> size() = 0;
  virtual Status sync() = 0;
};

class FileLayer {
 public:
  virtual ~FileLayer() = default;
  // For reading.
  virtual Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  // A new, empty file, for reading and writing by this user alone.
  virtual Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  // Replaces `to` when it is there, at once.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& name) = 0;
  // Every name, in any order, without "." and "..".
  virtual Result<std::vector<std::string>> list() = 0;
  virtual Status sync_dir() = 0;
};

}  // namespace blindai
