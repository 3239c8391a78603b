// A model on its way into the vault.
//
//   while (more) upload->write(piece);
//   upload->finish_content();          // hash and size; says when the model is there already
//   load(*upload->reader());           // a worker checks it, before anybody else can see it
//   upload->commit({signature, now});
//
// A name that another upload is on its way to is refused; one that is too slow loses it
// (reservations.h).
// An upload that dies without commit() leaves no trace: its name is free again, and its file is
// gone (by the destructor, or at the next start after a crash).
//
// Threads: one at a time, and not always the same; handing it over must synchronise, as posting to
// another thread does. Every method and the destructor may block on the disk; commit() waits until
// all of the model is on it, which can take seconds.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "enclave/vault/model_reader.h"
#include "enclave/vault/reservations.h"
#include "lib/crypto/crypto.h"
#include "lib/seal/metadata.h"
#include "lib/seal/seal_writer.h"

namespace blindai {

struct VaultState;

// A model of the catalogue. Never changes; a replacement is another record.
struct ModelRecord : ModelMetadata {
  // False for a model that lives in memory only and ends with the process.
  bool saved = true;
  // Names the content, differently for each upload.
  Sha256Digest content_id;
};

enum class Overwrite : uint8_t {
  kRefuse,   // a model of other bytes under this name is an error
  kReplace,  // it is replaced at commit(), if it has the same owner or none
};

struct UploadTerms {
  Overwrite overwrite = Overwrite::kRefuse;
  // False: keep the model in memory only.
  bool save = true;
  // Whose the model will be. A model of another owner is never replaced, and the same bytes under
  // another owner are not the same model. Whether a model without an owner may be replaced is for
  // the caller to decide.
  std::optional<ModelOwner> owner = {};
  AccessRules access = {};
};

struct UploadedContent {
  Sha256Digest sha256;
  uint64_t size_bytes = 0;
  // The vault has these bytes under this name and owner already: commit() has nothing to do and
  // keeps what was said of the model then, access rules included.
  bool already_stored = false;
  // What its record will be named by; of no meaning when already_stored.
  Sha256Digest content_id{};
};

struct CommitInfo {
  ModelSignature signature;
  Time created;
};

class Upload {
 public:
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  // The next bytes of the ONNX file. Errors: kTooLarge "vault.model-size"; kConflict
  // "vault.name-taken" as soon as the bytes are more than those of the model that has the name;
  // kConflict "vault.too-slow" when another upload took the name over; those of FileLayer. After an
  // error every call returns it again.
  Status write(BytesView piece);

  // Called once, after the last write(). Errors: kConflict "vault.name-taken" when a model of other
  // bytes has the name and must not be replaced; kConflict "vault.changed-meanwhile" when it was
  // removed during the upload; kConflict "vault.too-slow"; those of FileLayer.
  Result<UploadedContent> finish_content();

  // A reader of the content, between finish_content() and commit(). It goes on whatever becomes of
  // the upload. Errors: those of Vault::open_model().
  Result<std::unique_ptr<ModelReader>> reader();

  // Makes the model visible and durable; once, after finish_content(). Returns its record.
  // Errors: those of encode_metadata() (such as kTooLarge "seal.metadata-room"); kConflict
  // "vault.changed-meanwhile" when the model to be replaced is not there any more; those of
  // finish_content() and of FileLayer. After an error the model is not in the catalogue; only when
  // it was to replace another and the very last step failed, the new one is.
  Result<std::shared_ptr<const ModelRecord>> commit(const CommitInfo& info);

 private:
  friend class Vault;
  Upload(std::shared_ptr<VaultState> state, std::string id, const UploadTerms& options);
  Status begin();
  Status keep_name(Reservations::Stage stage);
  Status write_piece(BytesView piece);
  Result<UploadedContent> finish_piece();
  Status append_sealed(BytesView sealed);
  bool is_existing(const ModelRecord& record) const;
  Result<std::shared_ptr<const ModelRecord>> existing() const;
  Status publish(const std::shared_ptr<const ModelRecord>& before,
                 const std::shared_ptr<const ModelRecord>& record);
  Status put_in_place(const std::shared_ptr<const ModelRecord>& before,
                      const std::shared_ptr<const ModelRecord>& record);
  std::unexpected<Error> fail_with(const Error& error);
  void discard();

  const std::shared_ptr<VaultState> state_;
  const std::string id_;
  const Sha256Digest name_hash_;
  const UploadTerms options_;

  // The model that has the name and must be equal, when it must not be replaced.
  std::shared_ptr<const ModelRecord> must_equal_;
  std::shared_ptr<Reservations::Entry> reservation_;  // null when nothing is to be written
  std::string temporary_;                             // the file's name while there is one
  std::unique_ptr<File> file_;  // null when the upload is only compared with must_equal_
  std::optional<SealSecrets> secrets_;
  std::optional<SealWriter> writer_;
  uint64_t written_ = 0;  // where the next sealed bytes go

  Sha256 hash_;
  uint64_t size_bytes_ = 0;
  std::optional<UploadedContent> content_;
  std::optional<Error> failed_;
  bool committed_ = false;
};

}  // namespace blindai
