// What a Vault and its uploads share. Internal to enclave/vault.
//
// Locks, always taken in this order: `records_mutex`, `names_mutex`, `mutex`. records_mutex is held
// while a record is written, so that its epochs follow each other. names_mutex is held while files
// come under or leave their final names, disk included, so that catalogue and folder change
// together. mutex is held for moments only.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "enclave/vault/memory_file_layer.h"
#include "enclave/vault/vault.h"

namespace blindai {

// Where a record is. Files of the same record that lost against this one are removed with it.
struct RecordPlace {
  std::string file;
  uint64_t epoch = 0;
  Sha256Digest content_id{};
  std::vector<std::string> superseded;
};

struct VaultState {
  VaultState(FileLayer& files, KeyRing ring, const VaultOptions& limits, VaultLog sink)
      : disk(files),
        memory(limits.max_memory_bytes),
        options(limits),
        log(std::move(sink)),
        key_ring(std::make_shared<const KeyRing>(std::move(ring))) {}

  FileLayer& layer(bool saved) { return saved ? disk : static_cast<FileLayer&>(memory); }

  FileLayer& disk;
  MemoryFileLayer memory;
  const VaultOptions options;
  const VaultLog log;

  std::mutex records_mutex;
  std::mutex names_mutex;
  // A sync of the folder failed, so what was done before it may not be durable yet.
  bool folder_unsynced = false;
  bool retired = false;  // Vault::retire()

  std::mutex mutex;
  std::shared_ptr<const KeyRing> key_ring;
  std::map<std::string, std::shared_ptr<const ModelRecord>, std::less<>> models;
  Reservations reserved;        // ids that an upload has, or a change of access rules
  std::set<Sha256Digest> held;  // hashes of names whose files this server cannot open
  std::map<std::string, RecordPlace, std::less<>> records;
  uint64_t floor = 0;        // no epoch that this vault remembers of a removed model is above it
  uint64_t saved_floor = 0;  // what the record of it says

  std::shared_ptr<const KeyRing> keys();
  std::shared_ptr<const ModelRecord> find(std::string_view id);
  // That there is no model by that id, or that it cannot be opened. Takes `mutex`.
  std::unexpected<Error> unknown(std::string_view id);
  // Vault::open_model().
  Result<OpenedModel> open_model(std::string_view id);
  // With names_mutex held: that the store is still this vault's to change.
  Status writable() const;
  // With names_mutex held: makes the changes of the folder durable.
  Status sync_folder();
  // Without locks: makes sure of a change that is visible although its last step failed, before
  // somebody is told that there is nothing to do.
  Status settle();
  // With names_mutex held: takes the model's file away, durably, and then its record.
  Status erase(const std::shared_ptr<const ModelRecord>& record);

  uint64_t epoch_floor();
  // Without locks. A failure to write it down is reported and tried again with the next.
  void raise_epoch_floor(uint64_t epoch, bool write);
  // With records_mutex held.
  Status write_record(std::string_view name, BytesView bytes);
  // What opened as a file of this record: puts it in its place. With `mutex` held.
  void add_record(std::string_view name, RecordPlace found);
};

// A stored file's header, opened, and the file checked to have the length that the header says.
struct OpenedFile {
  std::unique_ptr<File> file;
  OpenedHeader header;
};
// Errors: those of open_seal_header(), "seal.truncated", "seal.trailing"; those of FileLayer.
Result<OpenedFile> open_sealed_file(FileLayer& files, const std::string& name,
                                    const Sha256Digest& name_hash, const KeyRing& keys);

// A record's place in the space of model ids: one that check_model_id() refuses.
std::string record_id(std::string_view name);
// The name behind such an id; none when it is a model's.
std::optional<std::string_view> record_of(std::string_view id);
// The whole content of an opened record.
Result<Bytes> read_record_content(OpenedFile& opened);
inline constexpr std::string_view kEpochsRecord = "epochs";
// What that record holds. Errors: kMalformed "vault.epochs-record".
Bytes encode_epoch_floor(uint64_t floor);
Result<uint64_t> decode_epoch_floor(BytesView bytes);

std::unexpected<Error> changed_meanwhile();
std::unexpected<Error> name_in_use();

enum class Scan : uint8_t {
  kAtStart,    // all of it, and tidies
  kForNewKeys  // only files that did not open so far
};
// Fills the state from the folder. Errors: those of list().
Status scan_store(VaultState& state, Scan which);

}  // namespace blindai
