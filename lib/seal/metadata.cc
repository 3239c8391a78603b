#include "lib/seal/metadata.h"

#include <algorithm>

#include "lib/base/byte_reader.h"
#include "lib/seal/format.h"

namespace blindai {
namespace {

constexpr uint16_t kLayout = 2;
constexpr uint16_t kLayoutWithoutAccess = 1;

std::unexpected<Error> no_room() {
  return fail(Code::kTooLarge,
              {"seal.metadata-room",
               "The model's inputs and outputs are too many, or their names too long, to be kept "
               "with the model; give them shorter names or save the model in memory only."});
}

void put_text(Bytes& out, std::string_view text) {
  put_u16le(out, static_cast<uint16_t>(text.size()));
  append(out, as_bytes(text));
}

bool read_text(ByteReader& r, size_t max_len, std::string& out) {
  uint16_t length = 0;
  BytesView raw;
  if (!r.u16le(length) || length > max_len || !r.bytes(raw, length) || !is_utf8(raw)) return false;
  out.assign(as_text(raw));
  return true;
}

// Room is checked while the tensors are written, so a hostile signature costs no more than a
// header.
Status put_tensors(Bytes& out, const std::vector<TensorSpec>& tensors) {
  if (tensors.size() > kMaxTensorsPerSide) return no_room();
  put_u16le(out, static_cast<uint16_t>(tensors.size()));
  for (const TensorSpec& tensor : tensors) {
    if (tensor.name.size() > kMaxTensorNameLen || tensor.shape.size() > kMaxTensorRank)
      return no_room();
    if (!is_utf8(as_bytes(tensor.name))) return fail(Code::kInvalid, "seal.metadata-fields");
    put_text(out, tensor.name);
    put_u8(out, static_cast<uint8_t>(tensor.datatype));
    put_u8(out, static_cast<uint8_t>(tensor.shape.size()));
    for (const int64_t dim : tensor.shape) {
      if (dim < -1) return fail(Code::kInvalid, "seal.metadata-fields");
      put_u64le(out, static_cast<uint64_t>(dim));
    }
    if (out.size() > kSealMetadataLen) return no_room();
  }
  return {};
}

bool read_tensors(ByteReader& r, std::vector<TensorSpec>& out) {
  uint16_t count = 0;
  if (!r.u16le(count) || count > kMaxTensorsPerSide) return false;
  for (uint16_t i = 0; i < count; ++i) {
    TensorSpec tensor{};
    uint8_t datatype = 0;
    uint8_t rank = 0;
    if (!read_text(r, kMaxTensorNameLen, tensor.name) || !r.u8(datatype) ||
        datatype >= kNumDatatypes || !r.u8(rank) || rank > kMaxTensorRank)
      return false;
    tensor.datatype = static_cast<Datatype>(datatype);
    for (uint8_t k = 0; k < rank; ++k) {
      uint64_t dim = 0;
      if (!r.u64le(dim) || static_cast<int64_t>(dim) < -1) return false;
      tensor.shape.push_back(static_cast<int64_t>(dim));
    }
    out.push_back(std::move(tensor));
  }
  return true;
}

bool read_owner(ByteReader& r, std::optional<ModelOwner>& out) {
  uint8_t present = 0;
  if (!r.u8(present) || present > 1) return false;
  if (present == 0) return true;
  ModelOwner owner;
  if (!r.array(owner.key) || !read_text(r, kMaxMetadataAccountLen, owner.account)) return false;
  out = std::move(owner);
  return true;
}

void put_arrays(Bytes& out, const std::vector<ByteArray<32>>& list) {
  put_u16le(out, static_cast<uint16_t>(list.size()));
  for (const ByteArray<32>& entry : list) append(out, entry);
}

bool read_arrays(ByteReader& r, size_t max_count, std::vector<ByteArray<32>>& out) {
  uint16_t count = 0;
  if (!r.u16le(count) || count > max_count) return false;
  out.resize(count);
  return std::ranges::all_of(out, [&r](ByteArray<32>& entry) { return r.array(entry); });
}

Status put_access(Bytes& out, const AccessRules& access) {
  if (access.callers.size() > kMaxCallers || access.handover.size() > kMaxHandoverConsents)
    return fail(Code::kTooLarge,
                {"seal.access-rules",
                 "A model lists at most 64 callers and 8 measurements to hand it over to; shorten "
                 "the lists."});
  put_u8(out, static_cast<uint8_t>(access.visibility));
  put_arrays(out, access.callers);
  put_arrays(out, access.handover);
  return {};
}

bool read_access(ByteReader& r, AccessRules& out) {
  uint8_t visibility = 0;
  if (!r.u8(visibility) || visibility > static_cast<uint8_t>(Visibility::kPrivate)) return false;
  out.visibility = static_cast<Visibility>(visibility);
  return read_arrays(r, kMaxCallers, out.callers) &&
         read_arrays(r, kMaxHandoverConsents, out.handover);
}

}  // namespace

Result<Bytes> encode_metadata(const ModelMetadata& metadata) {
  if (metadata.id.empty() || metadata.size > kSealMaxContent || !is_utf8(as_bytes(metadata.id)))
    return fail(Code::kInvalid, "seal.metadata-fields");
  if (metadata.id.size() > kMaxMetadataIdLen) return no_room();
  Bytes out;
  out.reserve(kSealMetadataLen);
  put_u16le(out, kLayout);
  put_text(out, metadata.id);
  append(out, metadata.sha256);
  put_u64le(out, metadata.size);
  put_u64le(out, static_cast<uint64_t>(metadata.created.seconds));
  put_u64le(out, metadata.epoch);
  RETURN_IF_ERROR(put_tensors(out, metadata.signature.inputs));
  RETURN_IF_ERROR(put_tensors(out, metadata.signature.outputs));
  put_u8(out, metadata.owner.has_value() ? 1 : 0);
  if (metadata.owner.has_value()) {
    if (metadata.owner->account.size() > kMaxMetadataAccountLen) return no_room();
    if (!is_utf8(as_bytes(metadata.owner->account)))
      return fail(Code::kInvalid, "seal.metadata-fields");
    append(out, metadata.owner->key);
    put_text(out, metadata.owner->account);
  }
  RETURN_IF_ERROR(put_access(out, metadata.access));
  if (out.size() > kSealMetadataLen) return no_room();
  put_zeros(out, kSealMetadataLen - out.size());
  return out;
}

Result<ModelMetadata> decode_metadata(BytesView plaintext) {
  ByteReader r(plaintext);
  ModelMetadata out;
  uint16_t layout = 0;
  uint64_t created = 0;
  if (plaintext.size() != kSealMetadataLen || !r.u16le(layout))
    return fail(Code::kMalformed, "seal.metadata");
  if (layout != kLayout && layout != kLayoutWithoutAccess)
    return fail(Code::kMalformed, "seal.version");
  if (!read_text(r, kMaxMetadataIdLen, out.id) || out.id.empty() || !r.array(out.sha256) ||
      !r.u64le(out.size) || out.size > kSealMaxContent || !r.u64le(created) ||
      !r.u64le(out.epoch) || !read_tensors(r, out.signature.inputs) ||
      !read_tensors(r, out.signature.outputs) || !read_owner(r, out.owner) ||
      (layout == kLayout && !read_access(r, out.access)) || !r.zeros(r.remaining()))
    return fail(Code::kMalformed, "seal.metadata");
  out.created.seconds = static_cast<int64_t>(created);
  return out;
}

}  // namespace blindai
