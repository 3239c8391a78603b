// What Vault::open does with the files it finds.
#include <atomic>
#include <thread>

#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"

namespace blindai {
namespace {

using Kind = VaultEvent::Kind;

// Whether a file that did not open is kept where it is. Another version of the server may open it,
// or the disk another time; its name stays taken until then, or somebody else could take it.
bool is_held(const Error& error) {
  const std::string_view name = error.name();
  return name == "seal.measurement" || name == "seal.key" || name == "seal.version" ||
         (error.code != Code::kMalformed && error.code != Code::kUntrusted);
}

class Scanner {
 public:
  Scanner(VaultState& state, Scan which) : state_(state), which_(which) {}

  Status run() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, state_.disk.list());
    taken_.insert(names.begin(), names.end());
    note_known();
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < names.size(); i = next++) look_at(names[i]);
    };
    {
      std::vector<std::jthread> others;
      for (size_t i = 1; i < state_.options.scan_threads; ++i) others.emplace_back(work);
      work();
    }
    if (which_ == Scan::kForNewKeys) return {};
    // Also what a process that was killed had renamed but not yet synced is durable from here on.
    const std::lock_guard lock(state_.names_mutex);
    if (const Status synced = state_.sync_folder(); !synced.has_value())
      report(Kind::kFailed, ".", synced.error());
    return {};
  }

 private:
  // From several threads at once.
  void look_at(const std::string& name) {
    if (which_ == Scan::kAtStart && is_temporary_name(name)) remove_leftover(name);
    if (known_.contains(name)) return;
    if (const auto hash = parse_sealed_name(name); hash.has_value()) read_model(name, *hash);
    if (const auto hash = parse_record_name(name); hash.has_value()) read_record(name, *hash);
  }

  void report(Kind kind, const std::string& file, const Error& error) const {
    state_.log({kind, file, error});
  }

  // What is open already. A model's upload may come under its name while we read, so only names
  // that are held are looked at again.
  void note_known() {
    if (which_ == Scan::kAtStart) return;
    const std::lock_guard lock(state_.mutex);
    for (const std::string& name : taken_)
      if (const auto hash = parse_sealed_name(name);
          hash.has_value() && !state_.held.contains(*hash))
        known_.insert(name);
    for (const auto& [record, place] : state_.records) {
      known_.insert(place.file);
      known_.insert(place.superseded.begin(), place.superseded.end());
    }
  }

  void remove_leftover(const std::string& name) {
    const std::lock_guard one_at_a_time(exceptions_mutex_);
    const Status gone = state_.disk.unlink(name);
    if (gone.has_value())
      report(Kind::kLeftoverRemoved, name, Error{Code::kConflict, "vault.leftover"});
    else
      report(Kind::kFailed, name, gone.error());
  }

  void read_model(const std::string& name, const Sha256Digest& hash) {
    Result<OpenedFile> opened = open_sealed_file(state_.disk, name, hash, *state_.keys());
    // A record that the host gave a model's name.
    if (opened.has_value() && record_of(opened->header.metadata.id).has_value())
      opened = fail(Code::kUntrusted, "seal.foreign");
    if (!opened.has_value()) {
      if (set_aside(name, opened.error())) return;
      const std::lock_guard lock(state_.mutex);
      state_.held.insert(hash);
      return;
    }
    auto record = std::make_shared<ModelRecord>();
    static_cast<ModelMetadata&>(*record) = std::move(opened->header.metadata);
    record->saved = true;
    record->content_id = opened->header.secrets.content_id;
    const std::lock_guard lock(state_.mutex);
    state_.models.emplace(record->id, record);
    state_.held.erase(hash);
  }

  void read_record(const std::string& name, const Sha256Digest& hash) {
    Result<OpenedFile> opened = open_sealed_file(state_.disk, name, hash, *state_.keys());
    std::optional<std::string_view> record;
    if (opened.has_value()) {
      record = record_of(opened->header.metadata.id);
      if (!record.has_value()) opened = fail(Code::kUntrusted, "seal.foreign");
    }
    if (!opened.has_value()) {
      set_aside(name, opened.error());
      return;
    }
    uint64_t floor = 0;
    if (*record == kEpochsRecord) {
      const Result<Bytes> bytes = read_record_content(*opened);
      const Result<uint64_t> read =
          bytes.has_value() ? decode_epoch_floor(*bytes) : std::unexpected(bytes.error());
      if (!read.has_value()) {
        set_aside(name, read.error());
        return;
      }
      floor = *read;
    }
    const std::lock_guard lock(state_.mutex);
    // Of several that say something, the highest holds: each was true.
    state_.floor = std::max(state_.floor, floor);
    state_.add_record(*record, {.file = name,
                                .epoch = opened->header.metadata.epoch,
                                .content_id = opened->header.secrets.content_id,
                                .superseded = {}});
  }

  // False when it had to stay where it is.
  bool set_aside(const std::string& name, const Error& error) {
    const std::lock_guard one_at_a_time(exceptions_mutex_);
    if (!is_held(error)) {
      size_t n = 1;
      while (taken_.contains(damaged_name(name, n))) ++n;
      const std::string aside = damaged_name(name, n);
      const Status moved = state_.disk.rename(name, aside);
      if (moved.has_value()) {
        taken_.insert(aside);
        report(Kind::kSetAside, name, error);
        return true;
      }
      report(Kind::kFailed, name, moved.error());
    }
    report(Kind::kHeld, name, error);
    return false;
  }

  VaultState& state_;
  const Scan which_;
  std::set<std::string> taken_;
  std::set<std::string> known_;  // constant while files are looked at
  std::mutex exceptions_mutex_;  // held for what is not as it should be: taken_, renames, the log
};

}  // namespace

Result<OpenedFile> open_sealed_file(FileLayer& files, const std::string& name,
                                    const Sha256Digest& name_hash, const KeyRing& keys) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.open(name));
  Bytes start(kSealHeaderLen);
  ASSIGN_OR_RETURN(const size_t n, file->read_at(0, start));
  ASSIGN_OR_RETURN(OpenedHeader header,
                   open_seal_header(BytesView(start).first(n), keys, name_hash));
  ASSIGN_OR_RETURN(const uint64_t length, file->size());
  const uint64_t expected = sealed_file_len(header.metadata.size);
  if (length < expected) return fail(Code::kUntrusted, "seal.truncated");
  if (length > expected) return fail(Code::kUntrusted, "seal.trailing");
  return OpenedFile{std::move(file), std::move(header)};
}

Status scan_store(VaultState& state, Scan which) {
  return Scanner(state, which).run();
}

}  // namespace blindai
