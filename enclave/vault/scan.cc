// What Vault::open does with the files it finds.
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

class Scan {
 public:
  explicit Scan(VaultState& state) : state_(state) {}

  Status run() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, state_.disk.list());
    taken_.insert(names.begin(), names.end());
    for (const std::string& name : names) {
      if (is_temporary_name(name)) remove_leftover(name);
      if (const auto hash = parse_sealed_name(name); hash.has_value()) read_model(name, *hash);
    }
    // Also what a process that was killed had renamed but not yet synced is durable from here on.
    const std::lock_guard lock(state_.names_mutex);
    if (const Status synced = state_.sync_folder(); !synced.has_value())
      report(Kind::kFailed, ".", synced.error());
    return {};
  }

 private:
  void report(Kind kind, const std::string& file, const Error& error) const {
    state_.log({kind, file, error});
  }

  void remove_leftover(const std::string& name) {
    const Status gone = state_.disk.unlink(name);
    if (gone.has_value())
      report(Kind::kLeftoverRemoved, name, Error{Code::kConflict, "vault.leftover"});
    else
      report(Kind::kFailed, name, gone.error());
  }

  void read_model(const std::string& name, const Sha256Digest& hash) {
    Result<OpenedFile> opened = open_sealed_file(state_.disk, hash, state_.seal_for);
    if (!opened.has_value()) return set_aside(name, hash, opened.error());
    auto record = std::make_shared<ModelRecord>();
    static_cast<ModelMetadata&>(*record) = std::move(opened->header.metadata);
    record->saved = true;
    record->content_id = opened->header.secrets.content_id;
    const std::lock_guard lock(state_.mutex);
    state_.models.emplace(record->id, record);
  }

  void set_aside(const std::string& name, const Sha256Digest& hash, const Error& error) {
    if (!is_held(error)) {
      size_t n = 1;
      while (taken_.contains(damaged_name(name, n))) ++n;
      const std::string aside = damaged_name(name, n);
      const Status moved = state_.disk.rename(name, aside);
      if (moved.has_value()) {
        taken_.insert(aside);
        return report(Kind::kSetAside, name, error);
      }
      report(Kind::kFailed, name, moved.error());
    }
    {
      const std::lock_guard lock(state_.mutex);
      state_.held.insert(hash);
    }
    report(Kind::kHeld, name, error);
  }

  VaultState& state_;
  std::set<std::string> taken_;
};

}  // namespace

Result<OpenedFile> open_sealed_file(FileLayer& files, const Sha256Digest& name_hash,
                                    const SealFor& seal_for) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.open(sealed_name(name_hash)));
  Bytes start(kSealHeaderLen);
  ASSIGN_OR_RETURN(const size_t n, file->read_at(0, start));
  ASSIGN_OR_RETURN(OpenedHeader header,
                   open_seal_header(BytesView(start).first(n), seal_for, name_hash));
  ASSIGN_OR_RETURN(const uint64_t length, file->size());
  const uint64_t expected = sealed_file_len(header.metadata.size);
  if (length < expected) return fail(Code::kUntrusted, "seal.truncated");
  if (length > expected) return fail(Code::kUntrusted, "seal.trailing");
  return OpenedFile{std::move(file), std::move(header)};
}

Status scan_store(VaultState& state) {
  return Scan(state).run();
}

}  // namespace blindai
