// What a sealed file says of its model: the plaintext of the metadata message in its header.
// docs/formats/sealed-model.md has every byte. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/oip/datatype.h"

namespace blindai {

// Who may replace or delete the model. Absent in stores that keep no owners.
struct ModelOwner {
  ByteArray<32> key;    // Ed25519 public key of the uploader
  std::string account;  // as the account's token named it (`sub`); empty without accounts
  bool operator==(const ModelOwner&) const = default;
};

enum class Visibility : uint8_t {
  kPublic = 0,   // everybody may call it
  kPrivate = 1,  // its owner and the listed callers may
};

// What the owner allows. The lists keep their order; callers may be listed for a public model too,
// where they mean nothing.
struct AccessRules {
  Visibility visibility = Visibility::kPublic;
  std::vector<ByteArray<32>> callers;  // Ed25519 public keys
  std::vector<Sha256Digest> handover;  // release ids (lib/handover/release.h) it may go to
  bool operator==(const AccessRules&) const = default;
};

struct ModelMetadata {
  std::string id;
  Sha256Digest sha256;  // of the ONNX file
  uint64_t size = 0;    // bytes of the ONNX file
  Time created;         // when the upload was committed, by the server's clock
  uint64_t epoch = 0;   // rises with every content and every change of the rules; from 1
  ModelSignature signature;
  std::optional<ModelOwner> owner;
  AccessRules access;
  bool operator==(const ModelMetadata&) const = default;
};

// Limits of the encoding, in bytes and counts. The whole must also fit into kSealMetadataLen.
inline constexpr size_t kMaxMetadataIdLen = 255;
inline constexpr size_t kMaxMetadataAccountLen = 255;
inline constexpr size_t kMaxTensorNameLen = 1024;
inline constexpr size_t kMaxTensorRank = 64;
inline constexpr size_t kMaxTensorsPerSide = 4096;
inline constexpr size_t kMaxCallers = 64;
inline constexpr size_t kMaxHandoverConsents = 8;

// Exactly kSealMetadataLen bytes: the fields, then zeros, so that the sealed length tells nothing.
// Errors: kTooLarge "seal.metadata-room" when the fields are over a limit or do not fit; kInvalid
// "seal.metadata-fields" for an empty id, a dimension below -1 or content over kSealMaxContent;
// kTooLarge "seal.access-rules" for more callers or consents than fit.
Result<Bytes> encode_metadata(const ModelMetadata& metadata);

// The inverse, of exactly kSealMetadataLen bytes. Accepts what encode_metadata() makes, the same of
// layout 1, which had no access rules (then those of AccessRules()), and nothing else. Errors:
// kMalformed "seal.metadata"; kMalformed "seal.version" for a later layout. `at` stays 0, because
// the input is decrypted data.
Result<ModelMetadata> decode_metadata(BytesView plaintext);

}  // namespace blindai
