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

SealingRoot momentary_sealing_root() {
  ByteArray<32> raw;
  random_bytes(raw);
  return {.secret = SecretKey(std::move(raw)),
          .source = "made at this start; models are kept until the server stops",
          .insecure = false,
          .lasts = false};
}

SealingRoot hardware_sealing_root(SecretKey secret) {
  return {.secret = std::move(secret),
          .source = "derived by the hardware for this measurement",
          .insecure = false,
          .lasts = true};
}

Result<SealingRoot> simulation_sealing_root(FileLayer& files) {
  const std::string name(kInsecureKeyFile);
  Result<SecretKey> secret = read_key(files, name);
  if (!secret.has_value() && secret.error().code == Code::kNotFound) {
    RETURN_IF_ERROR(make_key(files, name));
    secret = read_key(files, name);
  }
  if (!secret.has_value()) return std::unexpected(secret.error());
  return SealingRoot{.secret = std::move(*secret),
                     .source = "INSECURE simulation secret, a file beside the models",
                     .insecure = true,
                     .lasts = true};
}

SecretKey derive_sealing_key(const SecretKey& root, const Sha256Digest& measurement,
                             const Sha256Digest& rules) {
  // RFC 5869 section 2.2: what stands for no salt.
  constexpr ByteArray<32> kNoSalt{};
  Bytes info = to_bytes(as_bytes("blindai-seal-v1 sealing key"));
  append(info, measurement);
  append(info, rules);
  return hkdf_sha256(root, kNoSalt, info);
}

}  // namespace blindai
