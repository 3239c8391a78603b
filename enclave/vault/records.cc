// Records: sealed like models, named apart from them, written whole.
#include <algorithm>

#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// A colon is in no model id.
constexpr std::string_view kRecordIdStart = "record:";
constexpr uint16_t kEpochsLayout = 1;

Status check_record_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' ||
           c == '-';
  };
  if (name.empty() || name.size() > kMaxRecordName || !std::ranges::all_of(name, allowed))
    return fail(Code::kInvalid, "vault.record-name");
  return {};
}

std::string own_file(std::string_view name, const SealFor& own) {
  return record_name(sha256(as_bytes(record_id(name))),
                     record_tag(own.measurement, sealing_key_id(own.key)));
}

// Header and content in one piece.
Result<Bytes> seal_record(const ModelMetadata& metadata, const SealSecrets& secrets,
                          const SealFor& own, BytesView bytes) {
  ASSIGN_OR_RETURN(Bytes out, seal_header(secrets, own, metadata, SealHeaderEntropy::fresh()));
  SealWriter writer(secrets, sha256(as_bytes(metadata.id)));
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(const BytesView sealed, writer.update(bytes));
    append(out, sealed);
  }
  append(out, writer.finish());
  return out;
}

Status write_new(FileLayer& files, const std::string& name, BytesView bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.create(name));
  RETURN_IF_ERROR(file->write_at(0, bytes));
  return file->sync();
}

}  // namespace

std::string record_id(std::string_view name) {
  return std::string(kRecordIdStart) + std::string(name);
}

std::optional<std::string_view> record_of(std::string_view id) {
  if (!id.starts_with(kRecordIdStart)) return std::nullopt;
  return id.substr(kRecordIdStart.size());
}

Bytes encode_epoch_floor(uint64_t floor) {
  Bytes out;
  put_u16le(out, kEpochsLayout);
  put_u64le(out, floor);
  return out;
}

Result<uint64_t> decode_epoch_floor(BytesView bytes) {
  ByteReader r(bytes);
  uint16_t layout = 0;
  uint64_t floor = 0;
  if (!r.u16le(layout) || layout != kEpochsLayout || !r.u64le(floor) || !r.done())
    return fail(Code::kMalformed, "vault.epochs-record");
  return floor;
}

Result<Bytes> read_record_content(OpenedFile& opened) {
  const ModelMetadata& metadata = opened.header.metadata;
  if (metadata.size > kMaxRecordBytes) return fail(Code::kMalformed, "seal.metadata");
  SealReader reader(*opened.file, opened.header.secrets, sha256(as_bytes(metadata.id)),
                    metadata.size);
  Bytes out(static_cast<size_t>(metadata.size));
  ASSIGN_OR_RETURN(const size_t n, reader.read(out));
  BLINDAI_CHECK(n == out.size());
  Bytes end(1);
  RETURN_IF_ERROR(reader.read(end));  // authenticates the end of an empty record
  return out;
}

void VaultState::add_record(std::string_view name, RecordPlace found) {
  const auto [at, fresh] = records.try_emplace(std::string(name), found);
  if (fresh) return;
  RecordPlace& known = at->second;
  if (found.epoch > known.epoch) std::swap(known, found);
  known.superseded.insert(known.superseded.end(), found.superseded.begin(), found.superseded.end());
  if (found.file != known.file) known.superseded.push_back(std::move(found.file));
}

Status VaultState::write_record(std::string_view name, BytesView bytes) {
  const std::shared_ptr<const KeyRing> ring = keys();
  RecordPlace before;
  {
    const std::lock_guard lock(mutex);
    if (const auto found = records.find(name); found != records.end()) before = found->second;
  }
  const SealSecrets secrets = SealSecrets::fresh();
  ModelMetadata metadata;
  metadata.id = record_id(name);
  metadata.sha256 = sha256(bytes);
  metadata.size = bytes.size();
  metadata.epoch = before.epoch + 1;
  ASSIGN_OR_RETURN(const Bytes sealed, seal_record(metadata, secrets, ring->own, bytes));

  const std::string temporary = temporary_name(sha256(as_bytes(metadata.id)));
  const std::string file = own_file(name, ring->own);
  const auto give_up = [&](const Error& error) {
    const Status gone = disk.unlink(temporary);
    if (!gone.has_value() && gone.error().code != Code::kNotFound)
      log({VaultEvent::Kind::kFailed, temporary, gone.error()});
    return std::unexpected(error);
  };
  if (const Status written = write_new(disk, temporary, sealed); !written.has_value())
    return give_up(written.error());

  const std::lock_guard names(names_mutex);
  if (const Status ours = writable(); !ours.has_value()) return give_up(ours.error());
  if (const Status renamed = disk.rename(temporary, file); !renamed.has_value())
    return give_up(renamed.error());
  RecordPlace place{.file = file,
                    .epoch = metadata.epoch,
                    .content_id = secrets.content_id,
                    .superseded = before.superseded};
  if (!before.file.empty() && before.file != file) place.superseded.push_back(before.file);
  {
    const std::lock_guard lock(mutex);
    records.insert_or_assign(std::string(name), place);
  }
  return sync_folder();
}

Status Vault::put_record(std::string_view name, BytesView bytes) {
  RETURN_IF_ERROR(check_record_name(name));
  if (name == kEpochsRecord) return fail(Code::kInvalid, "vault.record-name");
  if (bytes.size() > kMaxRecordBytes) return fail(Code::kTooLarge, "vault.record-size");
  const std::lock_guard writing(state_->records_mutex);
  return state_->write_record(name, bytes);
}

Result<std::optional<Bytes>> Vault::get_record(std::string_view name) {
  RETURN_IF_ERROR(check_record_name(name));
  // Nobody replaces the file while it is opened.
  const std::lock_guard writing(state_->records_mutex);
  RecordPlace place;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->records.find(name);
    if (found == state_->records.end()) return std::nullopt;
    place = found->second;
  }
  const Sha256Digest name_hash = sha256(as_bytes(record_id(name)));
  Result<OpenedFile> opened =
      open_sealed_file(state_->disk, place.file, name_hash, *state_->keys());
  Result<Bytes> bytes = std::unexpected(Error{Code::kUntrusted, "seal.foreign"});
  if (!opened.has_value())
    bytes = std::unexpected(opened.error());
  else if (opened->header.secrets.content_id == place.content_id)
    bytes = read_record_content(*opened);
  if (bytes.has_value()) return std::optional(std::move(*bytes));
  state_->log({VaultEvent::Kind::kDamaged, place.file, bytes.error()});
  return std::unexpected(stored_error(bytes.error()));
}

Result<std::optional<Bytes>> Vault::read_record(FileLayer& files, const SealFor& own,
                                                std::string_view name) {
  RETURN_IF_ERROR(check_record_name(name));
  const KeyRing ring{own.duplicate(KeyAccess())};
  Result<OpenedFile> opened =
      open_sealed_file(files, own_file(name, own), sha256(as_bytes(record_id(name))), ring);
  if (!opened.has_value() && opened.error().code == Code::kNotFound) return std::nullopt;
  if (!opened.has_value()) return std::unexpected(stored_error(opened.error()));
  Result<Bytes> bytes = read_record_content(*opened);
  if (!bytes.has_value()) return std::unexpected(stored_error(bytes.error()));
  return std::optional(std::move(*bytes));
}

Status Vault::write_record(FileLayer& files, const SealFor& own, std::string_view name,
                           BytesView bytes) {
  RETURN_IF_ERROR(check_record_name(name));
  if (bytes.size() > kMaxRecordBytes) return fail(Code::kTooLarge, "vault.record-size");
  VaultState state(files, {.own = own.duplicate(KeyAccess())}, {}, [](const VaultEvent&) {});
  return state.write_record(name, bytes);
}

std::vector<std::string> Vault::list_records(std::string_view prefix) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (auto at = state_->records.lower_bound(prefix);
       at != state_->records.end() && at->first.starts_with(prefix); ++at)
    if (at->first != kEpochsRecord) out.push_back(at->first);
  return out;
}

Status Vault::remove_record(std::string_view name) {
  RETURN_IF_ERROR(check_record_name(name));
  if (name == kEpochsRecord) return fail(Code::kInvalid, "vault.record-name");
  const std::lock_guard writing(state_->records_mutex);
  const std::lock_guard names(state_->names_mutex);
  RETURN_IF_ERROR(state_->writable());
  // As in remove(): what is not there is gone for certain.
  if (state_->folder_unsynced) RETURN_IF_ERROR(state_->sync_folder());
  RecordPlace place;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->records.find(name);
    if (found == state_->records.end()) return {};
    place = found->second;
  }
  // The older ones first, so that none of them is found in place of the newest.
  place.superseded.push_back(place.file);
  for (const std::string& file : place.superseded) {
    const Status gone = state_->disk.unlink(file);
    if (!gone.has_value() && gone.error().code != Code::kNotFound) return gone;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->records.erase(std::string(name));
  }
  return state_->sync_folder();
}

uint64_t VaultState::epoch_floor() {
  const std::lock_guard lock(mutex);
  return floor;
}

void VaultState::raise_epoch_floor(uint64_t epoch, bool write) {
  const std::lock_guard writing(records_mutex);
  uint64_t to_write = 0;
  {
    const std::lock_guard lock(mutex);
    floor = std::max(floor, epoch);
    if (!write || floor == saved_floor) return;
    to_write = floor;
  }
  const Status written = write_record(kEpochsRecord, encode_epoch_floor(to_write));
  if (!written.has_value())
    return log({VaultEvent::Kind::kFailed, own_file(kEpochsRecord, keys()->own), written.error()});
  const std::lock_guard lock(mutex);
  saved_floor = to_write;
}

}  // namespace blindai
