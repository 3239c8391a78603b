// The store of sealed models: one file each (lib/seal), and a catalogue in memory that is rebuilt
// from their headers at start, so that there is no second file to disagree with them.
//
//   auto files = PosixFileLayer::open_folder(path);
//   SealFor own = ...;                                  // of a key that sealing_key.h makes
//   auto vault = Vault::open(**files, {.own = std::move(own)}, options, log);
//   auto upload = (*vault)->begin_upload("alice/resnet18", {});  // upload.h says how it goes on
//   auto model = (*vault)->open_model("alice/resnet18");
//
// What it promises
//   A model whose commit() succeeded is found whole after any crash, until it is removed or
//   replaced. One that was not committed is not found; a crash while commit() runs leaves the one
//   or the other, and for a replacement the old or the new, whole. A removal that succeeded stays.
//   The same holds for changed access rules and for records.
//   The epoch of an id rises with each content, each change of its rules and its removal, and never
//   goes back in what this vault remembers: ids without a model start above the epoch of every
//   removal, which a record keeps.
//   A damaged file is set aside and reported, and never stops the rest.
// What it does not promise
//   The host can delete files, and can put back an older file of the same model: that needs a
//   counter the host cannot turn back. Within one run a file put back is noticed (open_model). Who
//   keeps the epoch of an answer notices one that is put back between runs.
//
// Threads: every method may be called from any thread. find() and catalogue() never wait for the
// disk, so a reactor may call them; all others may block on it and belong on a blocking thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "enclave/vault/file_layer.h"
#include "enclave/vault/model_reader.h"
#include "enclave/vault/upload.h"
#include "lib/seal/header.h"

namespace blindai {

struct VaultOptions {
  // The largest ONNX file, at most kSealMaxContent.
  uint64_t max_model_bytes = 0;
  // For all models uploaded with save = false together, sealed.
  uint64_t max_memory_bytes = 0;
  // How many threads read the headers at open(): most of it is decryption.
  size_t scan_threads = 1;
  // Tells how long an upload takes (reservations.h).
  Reservations::TimePoint (*now)() = [] { return std::chrono::steady_clock::now(); };
};

// Something the operator should know of. Carries no model id: the log is outside the enclave.
struct VaultEvent {
  enum class Kind : uint8_t {
    kSetAside,         // damaged or foreign; renamed to *.damaged
    kHeld,             // left as it is, and a model's name kept taken: sealed for other programs or
                       // under another key, of a later format, or unreadable at the moment
    kLeftoverRemoved,  // of an upload that a crash interrupted
    kDamaged,          // found while a model was opened
    kFailed,           // a step of housekeeping did not work; the store goes on without it
  };
  Kind kind;
  std::string file;  // its name in the store
  Error error;       // what was wrong; for kLeftoverRemoved "vault.leftover"
};
std::string_view name_of(VaultEvent::Kind kind);
// Called from whatever thread the event happens on. Must not call the vault, which may hold its
// locks.
using VaultLog = std::function<void(const VaultEvent&)>;

struct OpenedModel {
  std::shared_ptr<const ModelRecord> record;
  std::unique_ptr<ModelReader> reader;
};

// Records: small things that the server keeps beside the models, such as who owns what. They are
// sealed like models, under names that no model id reaches, and read back whole.
inline constexpr size_t kMaxRecordBytes = size_t{1} << 20;
inline constexpr size_t kMaxRecordName = 200;

struct VaultState;

class Vault {
 public:
  // Reads every header in the store. files outlives the vault, its uploads and readers. What is
  // written is sealed for keys.own; files that an inherited key opens are models and records like
  // the others, and stay as they are until they change.
  // Errors: only those of listing the folder.
  static Result<std::unique_ptr<Vault>> open(FileLayer& files, KeyRing keys,
                                             const VaultOptions& options, VaultLog log);
  // One record of a store that is not open yet: for what open() itself needs, such as the keys it
  // inherits. Only what was sealed for `own`. None: std::nullopt. Errors: kInternal with an id of
  // lib/seal when it is damaged; those of FileLayer.
  static Result<std::optional<Bytes>> read_record(FileLayer& files, const SealFor& own,
                                                  std::string_view name);
  // The same way round: one record into a store that this process has not opened, and that another
  // may have open. Replaces the record of that name of these programs and touches nothing else.
  // Errors: those of put_record().
  static Status write_record(FileLayer& files, const SealFor& own, std::string_view name,
                             BytesView bytes);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // In the order of their ids.
  std::vector<std::shared_ptr<const ModelRecord>> catalogue() const;
  // Null when there is none by that id.
  std::shared_ptr<const ModelRecord> find(std::string_view id) const;

  // Errors: those of check_model_id(); kConflict "vault.name-taken" when another upload has the
  // name; kConflict "vault.name-held" when a file this server cannot open has it; those of
  // FileLayer. A name that a model has is an error only at the end of the upload, because the same
  // bytes under the same name are a success.
  Outcome<std::unique_ptr<Upload>> begin_upload(std::string_view id, const UploadTerms& options);

  // Errors: kNotFound "vault.unknown-model"; kInternal with an id of lib/seal when the stored file
  // is damaged or was exchanged ("seal.foreign"); those of FileLayer.
  Result<OpenedModel> open_model(std::string_view id);

  // Returns the epoch of the removal, which is above the model's. Readers that are open go on.
  // expected: when given, what the caller looked at before; nothing else is removed.
  // Errors: kNotFound "vault.unknown-model", kConflict "vault.name-held", kConflict
  // "vault.changed-meanwhile" (another record than the expected one); those of FileLayer: then the
  // model may still be there, or come back after a crash, until a remove() succeeds or says
  // kNotFound.
  Result<uint64_t> remove(std::string_view id,
                          const std::shared_ptr<const ModelRecord>& expected = nullptr);

  // Puts a new header in front of the same sealed content, which is copied as it lies and not
  // decrypted: other rules, the next epoch, sealed for this vault's own programs. Returns the new
  // record; the same one when it has these rules. The content id stays, so workers that have the
  // model loaded go on. Needs room for a second copy while it runs.
  // Errors: those of remove(); kConflict "vault.name-taken" while an upload has the name;
  // kTooLarge "seal.access-rules", "seal.metadata-room"; kInternal with an id of lib/seal when the
  // stored file is damaged. After an error the old rules hold, unless the very last step failed:
  // then the new ones do, and may be gone after a crash.
  Result<std::shared_ptr<const ModelRecord>> change_access(
      std::string_view id, const AccessRules& rules,
      const std::shared_ptr<const ModelRecord>& expected = nullptr);

  // Records. A name is 1 to kMaxRecordName of a-z, 0-9, '.', '_', '/' and '-'; "epochs" is the
  // vault's own. put_record() replaces at once; a crash leaves the old or the new, whole, and after
  // it succeeded the new. After an error the old one stands, unless the very last step failed: then
  // the new one does, and may be gone after a crash. Two records of one name, inherited and own,
  // are one: that of the higher epoch, which counts the writes.
  // Errors: kInvalid "vault.record-name"; kTooLarge "vault.record-size"; those of FileLayer.
  Status put_record(std::string_view name, BytesView bytes);
  // None: std::nullopt. Errors: kInvalid "vault.record-name"; kInternal with an id of lib/seal when
  // the file is damaged or was exchanged; those of FileLayer. The caller wipes secrets.
  Result<std::optional<Bytes>> get_record(std::string_view name);
  // Their names, in order. Does not wait for the disk.
  std::vector<std::string> list_records(std::string_view prefix) const;
  // A success too when there is none. Errors: as of put_record(); then it may still be there.
  Status remove_record(std::string_view name);

  // For a handover (enclave/handover), and for nothing else.
  // Takes over what a predecessor gave: files that were held and that these keys open are found
  // from now on. The keys are kept in memory only.
  // Errors: those of listing the folder.
  Status inherit(InheritedKeys keys);
  // From when it returns on nothing of the store is changed by this vault: uploads, removals, rules
  // and records end with kUnavailable "server.handed-over"; models still open. Errors: those of
  // FileLayer; then nothing is different.
  Status retire();
  // Everything that opens this store's files, own keys included, as a successor inherits it.
  InheritedKeys keys_for_handover() const;
  // The key of one model, when its access rules let it be handed over to this measurement.
  // Errors: kDenied "vault.no-consent"; those of open_model().
  Result<SealSecrets> model_key_for_handover(std::string_view id, const Sha256Digest& measurement);

 private:
  explicit Vault(std::shared_ptr<VaultState> state);
  std::shared_ptr<VaultState> state_;
};

}  // namespace blindai
