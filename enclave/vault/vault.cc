#include "enclave/vault/vault.h"

#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

std::unexpected<Error> name_held() {
  return fail(
      Code::kConflict,
      {"vault.name-held",
       "This name belongs to a model that this server cannot open, because it was sealed by "
       "another version of the server; choose another name, or ask the operator to hand the "
       "model over."});
}

}  // namespace

std::unexpected<Error> changed_meanwhile() {
  return fail(Code::kConflict,
              {"vault.changed-meanwhile",
               "The model that has this name was removed, replaced or changed meanwhile; look at "
               "it again, then repeat what you did."});
}

std::unexpected<Error> name_in_use() {
  return fail(Code::kConflict,
              {"vault.name-taken",
               "Another upload under this name is going on; wait until it ends, or choose another "
               "name."});
}

std::string_view name_of(VaultEvent::Kind kind) {
  switch (kind) {
    case VaultEvent::Kind::kSetAside:
      return "set aside";
    case VaultEvent::Kind::kHeld:
      return "held";
    case VaultEvent::Kind::kLeftoverRemoved:
      return "leftover removed";
    case VaultEvent::Kind::kDamaged:
      return "damaged";
    case VaultEvent::Kind::kFailed:
      return "failed";
  }
  return "failed";
}

std::shared_ptr<const ModelRecord> VaultState::find(std::string_view id) {
  const std::lock_guard lock(mutex);
  const auto found = models.find(id);
  return found == models.end() ? nullptr : found->second;
}

std::shared_ptr<const KeyRing> VaultState::keys() {
  const std::lock_guard lock(mutex);
  return key_ring;
}

std::unexpected<Error> VaultState::unknown(std::string_view id) {
  const std::lock_guard lock(mutex);
  if (held.contains(sha256(as_bytes(id)))) return name_held();
  return fail(Code::kNotFound,
              {"vault.unknown-model",
               "No model by that name; check its spelling, or upload it (models uploaded with "
               "save_model off end with the server)."});
}

Status VaultState::writable() const {
  if (!retired) return {};
  return fail(Code::kUnavailable,
              {"server.handed-over",
               "This server has handed its models over to a newer one and changes nothing any "
               "more; connect to the newer one."});
}

Status VaultState::sync_folder() {
  folder_unsynced = true;
  RETURN_IF_ERROR(disk.sync_dir());
  folder_unsynced = false;
  return {};
}

Status VaultState::settle() {
  const std::lock_guard names(names_mutex);
  return folder_unsynced ? sync_folder() : Status();
}

Status VaultState::erase(const std::shared_ptr<const ModelRecord>& record) {
  const std::string file = sealed_name(sha256(as_bytes(record->id)));
  const Status gone = layer(record->saved).unlink(file);
  // Missing is what was wanted: the host took the file away before us.
  if (!gone.has_value() && gone.error().code != Code::kNotFound) return gone;
  {
    const std::lock_guard lock(mutex);
    models.erase(record->id);
  }
  return record->saved ? sync_folder() : Status();
}

Vault::Vault(std::shared_ptr<VaultState> state) : state_(std::move(state)) {}
Vault::~Vault() = default;

Result<std::unique_ptr<Vault>> Vault::open(FileLayer& files, KeyRing keys,
                                           const VaultOptions& options, VaultLog log) {
  BLINDAI_CHECK(options.max_model_bytes <= kSealMaxContent && log != nullptr);
  auto state = std::make_shared<VaultState>(files, std::move(keys), options, std::move(log));
  RETURN_IF_ERROR(scan_store(*state, Scan::kAtStart));
  return std::unique_ptr<Vault>(new Vault(std::move(state)));
}

std::vector<std::shared_ptr<const ModelRecord>> Vault::catalogue() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::shared_ptr<const ModelRecord>> out;
  out.reserve(state_->models.size());
  for (const auto& entry : state_->models) out.push_back(entry.second);
  return out;
}

std::shared_ptr<const ModelRecord> Vault::find(std::string_view id) const {
  return state_->find(id);
}

Outcome<std::unique_ptr<Upload>> Vault::begin_upload(std::string_view id,
                                                     const UploadTerms& options) {
  RETURN_IF_ERROR(check_model_id(id));
  std::unique_ptr<Upload> upload(new Upload(state_, std::string(id), options));
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->held.contains(upload->name_hash_)) return name_held();
  }
  RETURN_IF_ERROR(upload->begin());
  return upload;
}

Result<OpenedModel> VaultState::open_model(std::string_view id) {
  const Sha256Digest name_hash = sha256(as_bytes(id));
  for (const bool last_try : {false, true}) {
    // Between the record and its file a replacement may come; at the second try none can.
    std::unique_lock<std::mutex> names;
    if (last_try) names = std::unique_lock(names_mutex);
    const std::shared_ptr<const ModelRecord> record = find(id);
    if (record == nullptr) return unknown(id);
    Result<OpenedFile> opened =
        open_sealed_file(layer(record->saved), sealed_name(name_hash), name_hash, *keys());
    if (opened.has_value() && opened->header.secrets.content_id == record->content_id) {
      auto reader = std::make_unique<ModelReader>(std::move(opened->file), opened->header.secrets,
                                                  name_hash, record->size);
      return OpenedModel{record, std::move(reader)};
    }
    if (!last_try) continue;
    names.unlock();
    const Error error =
        opened.has_value() ? Error{Code::kUntrusted, "seal.foreign"} : opened.error();
    log({VaultEvent::Kind::kDamaged, sealed_name(name_hash), error});
    return std::unexpected(stored_error(error));
  }
  return unknown(id);
}

Result<OpenedModel> Vault::open_model(std::string_view id) {
  return state_->open_model(id);
}

Result<uint64_t> Vault::remove(std::string_view id,
                               const std::shared_ptr<const ModelRecord>& expected) {
  VaultState& state = *state_;
  std::shared_ptr<const ModelRecord> record;
  std::unique_lock<std::mutex> names;
  while (true) {
    record = state.find(id);
    if (expected != nullptr && record != expected) return changed_meanwhile();
    // Written down first, while it cannot be lost with the model. When the disk is too full for
    // that, the removal makes room, and it is written afterwards.
    if (record != nullptr) state.raise_epoch_floor(record->epoch + 1, record->saved);
    names = std::unique_lock(state.names_mutex);
    if (state.find(id) == record) break;
    names.unlock();
  }
  RETURN_IF_ERROR(state.writable());
  // A removal that could not be made sure of is made sure of first, so that "unknown" means gone.
  if (state.folder_unsynced) RETURN_IF_ERROR(state.sync_folder());
  if (record == nullptr) return state.unknown(id);
  RETURN_IF_ERROR(state.erase(record));
  names.unlock();
  state.raise_epoch_floor(record->epoch + 1, record->saved);
  return record->epoch + 1;
}

}  // namespace blindai
