#include "enclave/vault/sealing_key.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

Result<SecretKey> read_key(FileLayer& files, const std::string& name) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.open(name));
  ByteArray<33> raw;  // one more than a key, to see that nothing follows it
  ASSIGN_OR_RETURN(const size_t n, file->read_at(0, raw));
  ByteArray<32> key;
  std::copy_n(raw.begin(), key.size(), key.begin());
  wipe(raw.data(), raw.size());
  SecretKey out(std::move(key));
  if (n == raw.size() - 1) return out;
  return fail(Code::kUnavailable,
              {"vault.simulation-key",
               "The file insecure-simulation-key in the store is damaged; restore it from a copy, "
               "or delete the whole store."});
}

// Through another name, so that a crash leaves either no key or a whole one.
Status make_key(FileLayer& files, const std::string& name) {
  const std::string fresh = name + ".new";
  if (const Status gone = files.unlink(fresh);
      !gone.has_value() && gone.error().code != Code::kNotFound)
    return gone;
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.create(fresh));
  ByteArray<32> raw;
  random_bytes(raw);
  const Status written = file->write_at(0, raw);
  wipe(raw.data(), raw.size());
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(file->sync());
  RETURN_IF_ERROR(files.rename(fresh, name));
  return files.sync_dir();
}

}  // namespace

SealingKey momentary_sealing_key() {
  ByteArray<32> raw;
  random_bytes(raw);
  return {.secret = SecretKey(std::move(raw)),
          .source = "made at this start; models are kept until the server stops",
          .insecure = false};
}

Result<SealingKey> simulation_sealing_key(FileLayer& files) {
  const std::string name(kInsecureKeyFile);
  Result<SecretKey> secret = read_key(files, name);
  if (!secret.has_value() && secret.error().code == Code::kNotFound) {
    RETURN_IF_ERROR(make_key(files, name));
    secret = read_key(files, name);
  }
  if (!secret.has_value()) return std::unexpected(secret.error());
  return SealingKey{.secret = std::move(*secret),
                    .source = "INSECURE simulation key, a file beside the models",
                    .insecure = true};
}

}  // namespace blindai
