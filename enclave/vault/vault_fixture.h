// What the vault's tests share.
#pragma once

#include <gtest/gtest.h>

#include "enclave/vault/faulty_file_layer.h"
#include "enclave/vault/store_names.h"
#include "enclave/vault/vault.h"

namespace blindai::vault_fixture {

template <size_t N>
ByteArray<N> filled(uint8_t value) {
  ByteArray<N> out;
  out.fill(value);
  return out;
}

inline SealFor seal_for(uint8_t key = 1, uint8_t measurement = 2) {
  return {SecretKey(filled<32>(key)), filled<32>(measurement)};
}

// Bytes that differ for each seed.
inline Bytes model_bytes(uint8_t seed, size_t length = 1000) {
  Bytes out(length);
  for (size_t i = 0; i < length; ++i) out[i] = static_cast<uint8_t>(i * 7 + i / 256 + seed);
  return out;
}

inline CommitInfo commit_info() {
  return {.signature = {.inputs = {{"x", Datatype::kFp32, {-1, 4}}},
                        .outputs = {{"y", Datatype::kInt64, {-1}}}},
          .created = {1'700'000'000}};
}

inline constexpr VaultOptions kOptions{.max_model_bytes = 1 << 20, .max_memory_bytes = 4 << 20};

// A vault over a faulty layer, and what it reported.
struct Store {
  FaultyFileLayer files;
  std::vector<VaultEvent> events;
  std::unique_ptr<Vault> vault;

  Status try_open(KeyRing keys = {.own = seal_for()}) {
    vault.reset();
    events.clear();
    auto opened = Vault::open(files, std::move(keys), kOptions,
                              [this](const VaultEvent& event) { events.push_back(event); });
    if (!opened.has_value()) return std::unexpected(opened.error());
    vault = std::move(*opened);
    return {};
  }
  void open(KeyRing keys = {.own = seal_for()}) {
    ASSERT_TRUE(try_open(std::move(keys)).has_value());
  }
};

// The whole upload; the error's name goes by Problem, like the one of begin_upload.
inline Outcome<std::shared_ptr<const ModelRecord>> put(Vault& vault, std::string_view id,
                                                       BytesView bytes,
                                                       const UploadTerms& options = {}) {
  ASSIGN_OR_RETURN(std::unique_ptr<Upload> upload, vault.begin_upload(id, options));
  RETURN_IF_ERROR(upload->write(bytes));
  RETURN_IF_ERROR(upload->finish_content());
  ASSIGN_OR_RETURN(std::shared_ptr<const ModelRecord> record, upload->commit(commit_info()));
  return record;
}

inline Result<Bytes> read_all(ModelReader& reader) {
  Bytes out;
  Bytes buffer(50'000);
  while (true) {
    ASSIGN_OR_RETURN(const size_t n, reader.read(buffer));
    if (n == 0) return out;
    append(out, BytesView(buffer).first(n));
  }
}

inline Result<Bytes> get(Vault& vault, std::string_view id) {
  ASSIGN_OR_RETURN(OpenedModel model, vault.open_model(id));
  return read_all(*model.reader);
}

// The files of models, which is all but records.
inline std::vector<std::string> model_files(const FaultyFileLayer& files) {
  std::vector<std::string> out = files.names();
  std::erase_if(out, [](const std::string& name) { return name.ends_with(".record"); });
  return out;
}

inline std::string record_file_of(std::string_view name, const SealFor& who = seal_for()) {
  return record_name(sha256(as_bytes("record:" + std::string(name))),
                     record_tag(who.measurement, sealing_key_id(who.key)));
}

inline std::string file_of(std::string_view id) {
  return to_hex(sha256(as_bytes(id))) + ".sealed";
}

// What can be wrong with a sealed file, of a model or a record, that shows when a store is opened.
struct FileDamage {
  const char* found;  // the error's id
  void (*make)(Bytes& file);
};
inline constexpr FileDamage kFileDamages[] = {
    {"seal.truncated", [](Bytes& file) { file.pop_back(); }},
    {"seal.truncated", [](Bytes& file) { file.clear(); }},
    {"seal.trailing", [](Bytes& file) { file.push_back(0); }},
    {"seal.header", [](Bytes& file) { file[0] ^= 1; }},
    {"seal.header", [](Bytes& file) { file[170] ^= 1; }},
    {"seal.metadata", [](Bytes& file) { file[300] ^= 1; }},
    {"seal.foreign", [](Bytes& file) { file[60] ^= 1; }},
};

}  // namespace blindai::vault_fixture
