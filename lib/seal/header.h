// Seals and opens the header of a sealed model: the data key wrapped under the sealing key, and the
// metadata under a key derived from the data key. docs/formats/sealed-model.md has every byte.
// Pure; thread-safe.
#pragma once

#include <vector>

#include "lib/seal/format.h"
#include "lib/seal/metadata.h"

namespace blindai {

// For whom files are sealed: a key that only these programs get, and the measurement of the
// programs.
struct SealFor {
  SecretKey key;
  Sha256Digest measurement;

  SealFor duplicate(KeyAccess access) const { return {key.duplicate(access), measurement}; }
};

// Keys that a predecessor handed over.
struct InheritedKeys {
  std::vector<SealFor> programs;      // each opens all that was sealed for it
  std::vector<SealSecrets> contents;  // each opens one content, whomever it is sealed for

  InheritedKeys duplicate(KeyAccess access) const;
};

// All the keys that a store opens its files with.
struct KeyRing {
  SealFor own;  // what is written is sealed for it
  InheritedKeys inherited = {};
};

// What must be new each time a header is sealed.
struct SealHeaderEntropy {
  ByteArray<32> wrap_salt;
  AeadNonce metadata_nonce;

  static SealHeaderEntropy fresh();
};

// Names a sealing key without telling it: 16 bytes derived from it.
ByteArray<16> sealing_key_id(const SecretKey& sealing_key);

// The kSealHeaderLen bytes to put at the start of the file.
// Errors: those of encode_metadata().
Result<Bytes> seal_header(const SealSecrets& secrets, const SealFor& seal_for,
                          const ModelMetadata& metadata, const SealHeaderEntropy& entropy);

// A header whose every byte was authenticated.
struct OpenedHeader {
  SealSecrets secrets;
  ModelMetadata metadata;
};

// Opens the header of the model whose id has this SHA-256. file: at least the first kSealHeaderLen
// bytes; what follows them is not looked at.
// Errors, in the order of the checks:
//   kMalformed seal.truncated    shorter than a header
//   kMalformed seal.header       not a sealed model
//   kMalformed seal.version      of a format that this program does not read
//   kUntrusted seal.foreign      sealed as another model
//   kUntrusted seal.measurement  sealed for other programs
//   kUntrusted seal.key          sealed under another key
//   kUntrusted seal.header       the envelope was changed
//   kUntrusted seal.metadata     the metadata were changed
//   kMalformed seal.metadata     authentic, but not what this format says
Result<OpenedHeader> open_seal_header(BytesView file, const SealFor& seal_for,
                                      const Sha256Digest& name_hash);
// The same with whichever key of the ring fits. The errors are those above; seal.measurement and
// seal.key when no key fits, the latter when one has the measurement.
Result<OpenedHeader> open_seal_header(BytesView file, const KeyRing& keys,
                                      const Sha256Digest& name_hash);

}  // namespace blindai
