#include "enclave/vault/upload.h"

#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"

namespace blindai {
namespace {

std::unexpected<Error> name_taken() {
  return fail(Code::kConflict,
              {"vault.name-taken",
               "Another model has this name; choose another name, or replace that model if it is "
               "yours."});
}

std::unexpected<Error> too_slow() {
  return fail(Code::kConflict,
              {"vault.too-slow",
               "This upload was slower than 128 KiB a second and another one took its name; upload "
               "again over a faster connection, or under another name."});
}

bool same_owner(const std::optional<ModelOwner>& a, const std::optional<ModelOwner>& b) {
  return a.has_value() ? b.has_value() && a->key == b->key : !b.has_value();
}

}  // namespace

Upload::Upload(std::shared_ptr<VaultState> state, std::string id, const UploadTerms& options)
    : state_(std::move(state)),
      id_(std::move(id)),
      name_hash_(blindai::sha256(as_bytes(id_))),
      options_(options) {}

Upload::~Upload() {
  discard();
}

Status Upload::begin() {
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->models.find(id_);
    if (found != state_->models.end()) {
      const std::optional<ModelOwner>& owner = found->second->owner;
      const bool mine = same_owner(owner, options_.owner);
      const bool replaceable = mine || !owner.has_value();
      if (options_.overwrite == Overwrite::kRefuse ? !mine : !replaceable) return name_taken();
    }
    if (found != state_->models.end() && options_.overwrite == Overwrite::kRefuse) {
      must_equal_ = found->second;
      // Nothing to write, unless a model that is in memory only is now to be kept.
      if (must_equal_->saved || !options_.save) return {};
    }
    reservation_ = state_->reserved.take(id_, state_->options.now());
    if (reservation_ == nullptr) return name_in_use();
  }
  const std::string name = temporary_name(name_hash_);
  ASSIGN_OR_RETURN(file_, state_->layer(options_.save).create(name));
  temporary_ = name;
  secrets_ = SealSecrets::fresh();
  writer_.emplace(*secrets_, name_hash_);
  written_ = kSealHeaderLen;
  return {};
}

// Gives the room back at once: a full disk is the likeliest failure.
std::unexpected<Error> Upload::fail_with(const Error& error) {
  failed_ = error;
  discard();
  return std::unexpected(error);
}

// To be called before each step, with what the upload has come to.
Status Upload::keep_name(Reservations::Stage stage) {
  if (reservation_ == nullptr) return {};
  const std::lock_guard lock(state_->mutex);
  if (reservation_->stage == Reservations::Stage::kLost) return too_slow();
  if (stage != reservation_->stage) reservation_->since = state_->options.now();
  reservation_->stage = stage;
  reservation_->bytes = size_bytes_;
  return {};
}

Status Upload::write(BytesView piece) {
  if (failed_.has_value()) return std::unexpected(*failed_);
  BLINDAI_CHECK(!content_.has_value());
  if (const Status written = write_piece(piece); !written.has_value())
    return fail_with(written.error());
  return {};
}

Status Upload::write_piece(BytesView piece) {
  if (piece.size() > state_->options.max_model_bytes - size_bytes_)
    return fail(Code::kTooLarge, {"vault.model-size",
                                  "The model is larger than this server accepts; make it smaller, "
                                  "for example by quantising it."});
  if (must_equal_ != nullptr && piece.size() > must_equal_->size - size_bytes_) return name_taken();
  size_bytes_ += piece.size();
  RETURN_IF_ERROR(keep_name(Reservations::Stage::kContent));
  hash_.update(piece);
  if (file_ == nullptr) return {};
  while (!piece.empty()) {
    ASSIGN_OR_RETURN(const BytesView sealed, writer_->update(piece));
    RETURN_IF_ERROR(append_sealed(sealed));
  }
  return {};
}

Status Upload::append_sealed(BytesView sealed) {
  if (sealed.empty()) return {};
  RETURN_IF_ERROR(file_->write_at(written_, sealed));
  written_ += sealed.size();
  return {};
}

Result<UploadedContent> Upload::finish_content() {
  if (failed_.has_value()) return std::unexpected(*failed_);
  BLINDAI_CHECK(!content_.has_value());
  const Result<UploadedContent> content = finish_piece();
  if (!content.has_value()) return fail_with(content.error());
  content_ = *content;
  return content;
}

Result<UploadedContent> Upload::finish_piece() {
  RETURN_IF_ERROR(keep_name(Reservations::Stage::kFinished));
  UploadedContent out{.sha256 = hash_.finish(), .size_bytes = size_bytes_};
  if (must_equal_ != nullptr && must_equal_->sha256 != out.sha256) return name_taken();
  const std::shared_ptr<const ModelRecord> now = state_->find(id_);
  const bool equal =
      now != nullptr && now->sha256 == out.sha256 && same_owner(now->owner, options_.owner);
  if (file_ == nullptr && !equal) return changed_meanwhile();
  if (equal && (now->saved || !options_.save)) {
    out.already_stored = true;
    discard();
    return out;
  }
  out.content_id = secrets_->content_id;
  RETURN_IF_ERROR(append_sealed(writer_->finish()));
  writer_.reset();
  return out;
}

Result<std::unique_ptr<ModelReader>> Upload::reader() {
  if (failed_.has_value()) return std::unexpected(*failed_);
  BLINDAI_CHECK(content_.has_value() && !committed_);
  if (content_->already_stored) {
    ASSIGN_OR_RETURN(OpenedModel model, state_->open_model(id_));
    if (!is_existing(*model.record)) return changed_meanwhile();
    return std::move(model.reader);
  }
  // Opened by its name, so that the reader has a file of its own.
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, state_->layer(options_.save).open(temporary_));
  return std::make_unique<ModelReader>(std::move(file), *secrets_, name_hash_, size_bytes_);
}

bool Upload::is_existing(const ModelRecord& record) const {
  return record.sha256 == content_->sha256 && same_owner(record.owner, options_.owner);
}

Result<std::shared_ptr<const ModelRecord>> Upload::existing() const {
  std::shared_ptr<const ModelRecord> record = state_->find(id_);
  if (record == nullptr || !is_existing(*record)) return changed_meanwhile();
  RETURN_IF_ERROR(state_->settle());
  return record;
}

Result<std::shared_ptr<const ModelRecord>> Upload::commit(const CommitInfo& info) {
  if (failed_.has_value()) return std::unexpected(*failed_);
  BLINDAI_CHECK(content_.has_value() && !committed_);
  if (content_->already_stored) return existing();
  if (const Status kept = keep_name(Reservations::Stage::kCertain); !kept.has_value())
    return fail_with(kept.error());
  const std::shared_ptr<const ModelRecord> before = state_->find(id_);
  auto record = std::make_shared<ModelRecord>();
  record->id = id_;
  record->sha256 = content_->sha256;
  record->size = content_->size_bytes;
  record->created = info.created;
  record->epoch = (before == nullptr ? state_->epoch_floor() : before->epoch) + 1;
  record->signature = info.signature;
  record->owner = options_.owner;
  record->access = options_.access;
  record->saved = options_.save;
  record->content_id = secrets_->content_id;
  if (const Status published = publish(before, record); !published.has_value())
    return fail_with(published.error());
  return record;
}

Status Upload::publish(const std::shared_ptr<const ModelRecord>& before,
                       const std::shared_ptr<const ModelRecord>& record) {
  ASSIGN_OR_RETURN(const Bytes header, seal_header(*secrets_, state_->keys()->own, *record,
                                                   SealHeaderEntropy::fresh()));
  RETURN_IF_ERROR(file_->write_at(0, header));
  RETURN_IF_ERROR(file_->sync());

  // As in Vault::remove(), which this is, as far as the disk goes.
  const bool removes = before != nullptr && before->saved && !record->saved;
  if (removes) state_->raise_epoch_floor(record->epoch, true);
  RETURN_IF_ERROR(put_in_place(before, record));
  if (removes) state_->raise_epoch_floor(record->epoch, true);
  return {};
}

Status Upload::put_in_place(const std::shared_ptr<const ModelRecord>& before,
                            const std::shared_ptr<const ModelRecord>& record) {
  const std::lock_guard names(state_->names_mutex);
  RETURN_IF_ERROR(state_->writable());
  // The reservation keeps every other upload from the name, but not its removal, which has an epoch
  // of its own.
  if (state_->find(id_) != before) return changed_meanwhile();
  // What was removed before and not made sure of must not come back in place of one in memory.
  if (!record->saved && state_->folder_unsynced) RETURN_IF_ERROR(state_->sync_folder());
  // A model on disk would come back at the next start, so it goes before one in memory replaces it.
  if (before != nullptr && before->saved && !record->saved) RETURN_IF_ERROR(state_->erase(before));
  FileLayer& files = state_->layer(record->saved);
  const std::string name = sealed_name(name_hash_);
  RETURN_IF_ERROR(files.rename(temporary_, name));
  temporary_.clear();
  const bool replaced = before != nullptr && before->saved;
  const Status durable = record->saved ? state_->sync_folder() : Status();
  if (!durable.has_value() && !replaced) {
    // Nobody was told of it: it must not be found after a restart. Should this fail too, the disk
    // is beyond what we can promise, and the model that is found is whole.
    Status gone = files.unlink(name);
    if (gone.has_value()) gone = state_->sync_folder();
    if (!gone.has_value()) state_->log({VaultEvent::Kind::kFailed, name, gone.error()});
    return durable;
  }
  if (before != nullptr && !before->saved && record->saved)
    BLINDAI_CHECK(state_->memory.unlink(name).has_value());
  {
    const std::lock_guard lock(state_->mutex);
    state_->models.insert_or_assign(id_, record);
    state_->reserved.give_back(id_, reservation_);
  }
  reservation_.reset();
  committed_ = durable.has_value();
  return durable;
}

void Upload::discard() {
  file_.reset();
  writer_.reset();
  if (!temporary_.empty()) {
    const Status gone = state_->layer(options_.save).unlink(temporary_);
    if (!gone.has_value()) state_->log({VaultEvent::Kind::kFailed, temporary_, gone.error()});
    temporary_.clear();
  }
  if (reservation_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  state_->reserved.give_back(id_, reservation_);
  reservation_.reset();
}

}  // namespace blindai
