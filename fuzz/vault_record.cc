// A record that the host changed: it reads back as it was, or it is refused; never as something
// else, and never as a model. The record of epochs: what decodes encodes to the same bytes.
// Input: u8 0, then the record of epochs; or another u8, then edits {u8 kind, u32le where, u8 with}
// on a record's file: 0 xor a byte, 1 cut there, 2 append, 3 under the name of a model as well.
#include "enclave/vault/faulty_file_layer.h"
#include "enclave/vault/store_names.h"
#include "enclave/vault/vault_state.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

using namespace blindai;

namespace {

constexpr VaultOptions kOptions{.max_model_bytes = 1 << 20, .max_memory_bytes = 0};

KeyRing ring() {
  return {.own = {SecretKey(ByteArray<32>{1}), ByteArray<32>{2}}};
}

const Bytes& record() {
  static const Bytes bytes(70'000, 0x5a);
  return bytes;
}

std::unique_ptr<Vault> open(FaultyFileLayer& files) {
  return Vault::open(files, ring(), kOptions, [](const VaultEvent&) {}).value();
}

struct Genuine {
  Genuine() {
    FaultyFileLayer files;
    BLINDAI_CHECK(open(files)->put_record("r", record()).has_value());
    name = files.names().at(0);
    file = files.content(name);
  }
  std::string name;
  Bytes file;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Genuine genuine;
  ByteReader r(BytesView(data, size));
  uint8_t choice = 0;
  if (!r.u8(choice)) return 0;
  if (choice == 0) {
    const BytesView rest = BytesView(data, size).subspan(1);
    const Result<uint64_t> floor = decode_epoch_floor(rest);
    if (floor.has_value()) BLINDAI_CHECK(equal(encode_epoch_floor(*floor), rest));
    return 0;
  }
  FaultyFileLayer files;
  Bytes file = genuine.file;
  uint8_t kind = 0;
  uint32_t where = 0;
  uint8_t with = 0;
  for (int edits = 0; edits < 8 && r.u8(kind) && r.u32le(where) && r.u8(with); ++edits) {
    if (file.empty()) break;
    const size_t at = where % file.size();
    if (kind % 4 == 0) file[at] ^= with;
    if (kind % 4 == 1) file.resize(at);
    if (kind % 4 == 2) file.resize(file.size() + with, with);
    if (kind % 4 == 3) files.put(sealed_name(sha256(as_bytes("record:r"))), file);
  }
  files.put(genuine.name, file);
  const std::unique_ptr<Vault> vault = open(files);
  BLINDAI_CHECK(vault->catalogue().empty());
  const Result<std::optional<Bytes>> read = vault->get_record("r");
  const bool whole = read.has_value() && read->has_value();
  BLINDAI_CHECK(whole == (file == genuine.file));
  if (whole) BLINDAI_CHECK(**read == record());
  return 0;
}
