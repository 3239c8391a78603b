// The store of sealed models: one file each (lib/seal), and a catalogue in memory that is rebuilt
// from their headers at start, so that there is no second file to disagree with them.
//
//   auto files = PosixFileLayer::open_folder(path);
//   auto root = simulation_sealing_root(**files);   // sealing_key.h makes the key of it
//   auto vault = Vault::open(**files, {std::move(key), measurement}, options, log);
//   auto upload = (*vault)->begin_upload("alice/resnet18", {});          // upload.h says how it
//   goes on auto model = (*vault)->open_model("alice/resnet18");
//
// What it promises
//   A model whose commit() succeeded is found whole after any crash, until it is removed or
//   replaced. One that was not committed is not found; a crash while commit() runs leaves the one
//   or the other, and for a replacement the old or the new, whole. A removal that succeeded stays.
//   A damaged file is set aside and reported, and never stops the rest.
// What it does not promise
//   The host can delete files, and can put back an older file of the same model: that needs a
//   counter the host cannot turn back. Within one run a file put back is noticed (open_model).
//
// Threads: every method may be called from any thread. find() and catalogue() never wait for the
// disk, so a reactor may call them; all others may block on it and belong on a blocking thread.
#pragma once

#include <functional>
#include <memory>
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
};

// Something the operator should know of. Carries no model id: the log is outside the enclave.
struct VaultEvent {
  enum class Kind : uint8_t {
    kSetAside,         // damaged or foreign; renamed to *.damaged
    kHeld,             // left as it is, and its name kept taken: sealed for other programs or under
                       // another key, of a later format, or unreadable at the moment
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

struct VaultState;

class Vault {
 public:
  // Reads every header in the store. files outlives the vault, its uploads and readers.
  // Errors: only those of listing the folder.
  static Result<std::unique_ptr<Vault>> open(FileLayer& files, SealFor seal_for,
                                             const VaultOptions& options, VaultLog log);
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
  Outcome<std::unique_ptr<Upload>> begin_upload(std::string_view id, const UploadOptions& options);

  // Errors: kNotFound "vault.unknown-model"; kInternal with an id of lib/seal when the stored file
  // is damaged or was exchanged ("seal.foreign"); those of FileLayer.
  Result<OpenedModel> open_model(std::string_view id);

  // Readers that are open go on. Errors: kNotFound "vault.unknown-model", kConflict
  // "vault.name-held"; those of FileLayer: then the model may still be there, or come back after a
  // crash, until a remove() succeeds or says kNotFound.
  Status remove(std::string_view id);

 private:
  explicit Vault(std::shared_ptr<VaultState> state);
  std::shared_ptr<VaultState> state_;
};

}  // namespace blindai
