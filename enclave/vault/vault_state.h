// What a Vault and its uploads share. Internal to enclave/vault.
//
// Locks, always taken in this order: `names_mutex`, then `mutex`. names_mutex is held while files
// come under or leave their final names, disk included, so that catalogue and folder change
// together. mutex is held for moments only.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "enclave/vault/memory_file_layer.h"
#include "enclave/vault/vault.h"

namespace blindai {

struct VaultState {
  VaultState(FileLayer& files, SealFor for_whom, const VaultOptions& limits, VaultLog sink)
      : disk(files),
        memory(limits.max_memory_bytes),
        seal_for(std::move(for_whom)),
        options(limits),
        log(std::move(sink)) {}

  FileLayer& layer(bool saved) { return saved ? disk : static_cast<FileLayer&>(memory); }

  FileLayer& disk;
  MemoryFileLayer memory;
  const SealFor seal_for;
  const VaultOptions options;
  const VaultLog log;

  std::mutex names_mutex;
  // A sync of the folder failed, so what was done before it may not be durable yet.
  bool folder_unsynced = false;

  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const ModelRecord>, std::less<>> models;
  std::set<std::string, std::less<>> reserved;  // ids that an upload has
  std::set<Sha256Digest> held;  // hashes of names whose files this server cannot open

  std::shared_ptr<const ModelRecord> find(std::string_view id);
  // Vault::open_model().
  Result<OpenedModel> open_model(std::string_view id);
  // With names_mutex held: makes the changes of the folder durable.
  Status sync_folder();
  // With names_mutex held: takes the model's file away, durably, and then its record.
  Status erase(const std::shared_ptr<const ModelRecord>& record);
};

// A stored file's header, opened, and the file checked to have the length that the header says.
struct OpenedFile {
  std::unique_ptr<File> file;
  OpenedHeader header;
};
// Errors: those of open_seal_header(), "seal.truncated", "seal.trailing"; those of FileLayer.
Result<OpenedFile> open_sealed_file(FileLayer& files, const Sha256Digest& name_hash,
                                    const SealFor& seal_for);

// Fills state.models and state.held from the folder, and tidies it. Errors: those of list().
Status scan_store(VaultState& state);

}  // namespace blindai
