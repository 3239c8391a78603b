// Changing a stored model's access rules, and what a handover takes and gives.
#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"

namespace blindai {
namespace {

// A model's name, kept from uploads while its file is written anew.
class NameKept {
 public:
  static Result<std::unique_ptr<NameKept>> keep(VaultState& state, const std::string& id) {
    const std::lock_guard lock(state.mutex);
    auto entry = state.reserved.take(id, state.options.now());
    if (entry == nullptr) return name_in_use();
    entry->stage = Reservations::Stage::kCertain;
    return std::unique_ptr<NameKept>(new NameKept(state, id, std::move(entry)));
  }
  ~NameKept() {
    const std::lock_guard lock(state_.mutex);
    state_.reserved.give_back(id_, entry_);
  }
  NameKept(const NameKept&) = delete;
  NameKept& operator=(const NameKept&) = delete;

 private:
  NameKept(VaultState& state, std::string id, std::shared_ptr<Reservations::Entry> entry)
      : state_(state), id_(std::move(id)), entry_(std::move(entry)) {}

  VaultState& state_;
  const std::string id_;
  const std::shared_ptr<Reservations::Entry> entry_;
};

// Header, then the old file's content, on the disk under another name.
Status write_beside(FileLayer& files, const std::string& temporary, BytesView header,
                    File& content) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.create(temporary));
  RETURN_IF_ERROR(file->write_at(0, header));
  ASSIGN_OR_RETURN(const uint64_t length, content.size());
  if (length <= kSealHeaderLen) return fail(Code::kUntrusted, "seal.truncated");
  RETURN_IF_ERROR(file->copy_from(content, kSealHeaderLen, length - kSealHeaderLen));
  return file->sync();
}

// The new header in place of the old one, of a file that this process alone has. With names_mutex
// held, so that no half of it is seen: open_model() looks again under that lock.
Status write_in_memory(VaultState& state, const std::string& name, BytesView header) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, state.memory.open(name));
  return file->write_at(0, header);
}

}  // namespace

Result<std::shared_ptr<const ModelRecord>> Vault::change_access(
    std::string_view id, const AccessRules& rules,
    const std::shared_ptr<const ModelRecord>& expected) {
  VaultState& state = *state_;
  std::shared_ptr<const ModelRecord> before = state.find(id);
  if (before == nullptr) return state.unknown(id);
  if (expected != nullptr && before != expected) return changed_meanwhile();
  if (before->access == rules) {
    RETURN_IF_ERROR(state.settle());
    return before;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<NameKept> kept, NameKept::keep(state, before->id));

  const Sha256Digest name_hash = sha256(as_bytes(id));
  const std::string name = sealed_name(name_hash);
  const std::shared_ptr<const KeyRing> keys = state.keys();
  Result<OpenedFile> opened = open_sealed_file(state.layer(before->saved), name, name_hash, *keys);
  if (opened.has_value() && opened->header.secrets.content_id != before->content_id)
    opened = fail(Code::kUntrusted, "seal.foreign");
  if (!opened.has_value()) {
    if (state.find(id) != before) return changed_meanwhile();
    state.log({VaultEvent::Kind::kDamaged, name, opened.error()});
    return std::unexpected(stored_error(opened.error()));
  }
  auto record = std::make_shared<ModelRecord>(*before);
  record->access = rules;
  record->epoch = before->epoch + 1;
  ASSIGN_OR_RETURN(const Bytes header, seal_header(opened->header.secrets, keys->own, *record,
                                                   SealHeaderEntropy::fresh()));

  const std::string temporary = temporary_name(name_hash);
  const auto give_up = [&](const Error& error) {
    const Status gone = state.disk.unlink(temporary);
    if (!gone.has_value() && gone.error().code != Code::kNotFound)
      state.log({VaultEvent::Kind::kFailed, temporary, gone.error()});
    return std::unexpected(error);
  };
  if (before->saved) {
    const Status written = write_beside(state.disk, temporary, header, *opened->file);
    if (!written.has_value()) return give_up(written.error());
  }

  const std::lock_guard names(state.names_mutex);
  if (const Status writable = state.writable(); !writable.has_value()) {
    if (before->saved) return give_up(writable.error());
    return std::unexpected(writable.error());
  }
  if (state.find(id) != before) {
    if (before->saved) return give_up(changed_meanwhile().error());
    return changed_meanwhile();
  }
  if (before->saved) {
    if (const Status renamed = state.disk.rename(temporary, name); !renamed.has_value())
      return give_up(renamed.error());
  } else {
    RETURN_IF_ERROR(write_in_memory(state, name, header));
  }
  {
    const std::lock_guard lock(state.mutex);
    state.models.insert_or_assign(record->id, record);
  }
  if (before->saved) RETURN_IF_ERROR(state.sync_folder());
  return record;
}

Status Vault::inherit(InheritedKeys keys) {
  {
    const std::lock_guard lock(state_->mutex);
    auto ring = std::make_shared<KeyRing>();
    ring->own = state_->key_ring->own.duplicate(KeyAccess());
    ring->inherited = state_->key_ring->inherited.duplicate(KeyAccess());
    for (SealFor& program : keys.programs) ring->inherited.programs.push_back(std::move(program));
    for (SealSecrets& content : keys.contents)
      ring->inherited.contents.push_back(std::move(content));
    state_->key_ring = std::move(ring);
  }
  const std::lock_guard writing(state_->records_mutex);
  return scan_store(*state_, Scan::kForNewKeys);
}

Status Vault::retire() {
  const std::lock_guard names(state_->names_mutex);
  if (state_->folder_unsynced) RETURN_IF_ERROR(state_->sync_folder());
  state_->retired = true;
  return {};
}

InheritedKeys Vault::keys_for_handover() const {
  const std::shared_ptr<const KeyRing> ring = state_->keys();
  InheritedKeys out = ring->inherited.duplicate(KeyAccess());
  out.programs.insert(out.programs.begin(), ring->own.duplicate(KeyAccess()));
  return out;
}

Result<SealSecrets> Vault::model_key_for_handover(std::string_view id,
                                                  const Sha256Digest& measurement) {
  const std::lock_guard names(state_->names_mutex);
  const std::shared_ptr<const ModelRecord> record = state_->find(id);
  if (record == nullptr) return state_->unknown(id);
  if (std::ranges::find(record->access.handover, measurement) == record->access.handover.end())
    return fail(Code::kDenied,
                {"vault.no-consent",
                 "The model's owner has not allowed that it is handed over to these programs; the "
                 "owner can, by adding their measurement to the model's access rules."});
  const Sha256Digest name_hash = sha256(as_bytes(id));
  Result<OpenedFile> opened = open_sealed_file(state_->layer(record->saved), sealed_name(name_hash),
                                               name_hash, *state_->keys());
  if (!opened.has_value()) return std::unexpected(stored_error(opened.error()));
  if (opened->header.secrets.content_id != record->content_id)
    return fail(Code::kInternal, "seal.foreign");
  return std::move(opened->header.secrets);
}

}  // namespace blindai
