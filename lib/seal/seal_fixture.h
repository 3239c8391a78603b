// What the tests and fuzzers of lib/seal share: fixed secrets, and files sealed under them.
#pragma once

#include "lib/crypto/crypto.h"
#include "lib/seal/header.h"
#include "lib/seal/seal_reader.h"
#include "lib/seal/seal_writer.h"

namespace blindai::seal_fixture {

template <size_t N>
ByteArray<N> filled(uint8_t value) {
  ByteArray<N> out;
  out.fill(value);
  return out;
}

inline SealSecrets secrets(uint8_t value = 0x11) {
  return {filled<32>(value), SecretKey(filled<32>(static_cast<uint8_t>(value + 1)))};
}

inline SealFor seal_for(uint8_t key = 0x21, uint8_t measurement = 0x31) {
  return {SecretKey(filled<32>(key)), filled<32>(measurement)};
}

inline SealHeaderEntropy entropy() {
  return {filled<32>(0x41), filled<12>(0x51)};
}

// Byte i is i * 31 + i / 251, so that no two chunks are alike.
inline Bytes content(size_t length) {
  Bytes out(length);
  for (size_t i = 0; i < length; ++i) out[i] = static_cast<uint8_t>(i * 31 + i / 251);
  return out;
}

inline ModelMetadata metadata_of(BytesView content, std::string id = "alice/resnet18") {
  return {.id = std::move(id),
          .sha256 = sha256(content),
          .size = content.size(),
          .created = {1'700'000'000},
          .epoch = 3,
          .signature = {.inputs = {{"input", Datatype::kFp32, {-1, 3, 224, 224}}},
                        .outputs = {{"label", Datatype::kInt64, {-1}},
                                    {"scores", Datatype::kFp32, {-1, 1000}}}},
          .owner = ModelOwner{filled<32>(0x61), "alice"},
          .access = {.visibility = Visibility::kPrivate,
                     .callers = {filled<32>(0x71), filled<32>(0x72)},
                     .handover = {filled<32>(0x81)}}};
}

// The sealed content alone, from updates of at most `piece` bytes.
inline Bytes seal_content(const SealSecrets& secrets, BytesView content, std::string_view id,
                          size_t piece = SIZE_MAX) {
  SealWriter writer(secrets, sha256(as_bytes(id)));
  Bytes out;
  while (!content.empty()) {
    BytesView next = content.first(std::min(piece, content.size()));
    content = content.subspan(next.size());
    while (!next.empty()) append(out, writer.update(next).value());
  }
  append(out, writer.finish());
  return out;
}

inline Bytes seal_file(const SealSecrets& secrets, const SealFor& seal_for, BytesView content,
                       std::string id = "alice/resnet18") {
  const ModelMetadata metadata = metadata_of(content, id);
  Bytes out = seal_header(secrets, seal_for, metadata, entropy()).value();
  append(out, seal_content(secrets, content, id));
  return out;
}

class MemorySource : public SealSource {
 public:
  explicit MemorySource(BytesView file) : file_(file) {}
  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    if (offset >= file_.size()) return size_t{0};
    const size_t n = std::min(out.size(), file_.size() - static_cast<size_t>(offset));
    std::copy_n(file_.begin() + static_cast<ptrdiff_t>(offset), n, out.begin());
    return n;
  }

 private:
  BytesView file_;
};

// The content, read in steps of `step` bytes until the end.
inline Result<Bytes> read_all(SealReader& reader, size_t step = 100'000) {
  Bytes out;
  Bytes buffer(step);
  while (true) {
    ASSIGN_OR_RETURN(const size_t n, reader.read(buffer));
    if (n == 0) return out;
    append(out, BytesView(buffer).first(n));
  }
}

// Opens header and content, as a store would.
inline Result<Bytes> open_file(BytesView file, const SealFor& seal_for,
                               std::string_view id = "alice/resnet18") {
  const Sha256Digest name_hash = sha256(as_bytes(id));
  ASSIGN_OR_RETURN(const OpenedHeader header, open_seal_header(file, seal_for, name_hash));
  MemorySource source(file);
  SealReader reader(source, header.secrets, name_hash, header.metadata.size);
  return read_all(reader);
}

}  // namespace blindai::seal_fixture
