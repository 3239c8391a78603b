#include "lib/channel/claims.h"

#include "lib/base/cbor.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr std::string_view kPubkeyHashName = "pubkey-hash";
constexpr std::string_view kConfigName = "config";
constexpr std::string_view kReceiptKeyName = "receipt-key";
constexpr std::string_view kNonceName = "nonce";
constexpr std::string_view kExporterName = "exporter";

// IANA "Named Information Hash Algorithm Registry".
constexpr uint64_t kNamedInformationSha256 = 1;

Result<ByteArray<32>> digest_from(const Cbor& item) {
  const Bytes* raw = item.as_bytes();
  ByteArray<32> out;
  if (raw == nullptr || raw->size() != out.size())
    return fail(Code::kMalformed, "channel.claims.layout");
  std::copy(raw->begin(), raw->end(), out.begin());
  return out;
}

Result<ByteArray<32>> required(const Cbor& map, std::string_view key) {
  const Cbor* item = map.find(key);
  if (item == nullptr) return fail(Code::kMalformed, "channel.claims.missing");
  return digest_from(*item);
}

Status optional(const Cbor& map, std::string_view key, std::optional<ByteArray<32>>& out) {
  const Cbor* item = map.find(key);
  if (item == nullptr) return {};
  ASSIGN_OR_RETURN(out, digest_from(*item));
  return {};
}

Result<Sha256Digest> key_hash_from(const Cbor& map) {
  const Cbor* item = map.find(kPubkeyHashName);
  if (item == nullptr) return fail(Code::kMalformed, "channel.claims.missing");
  const Bytes* inner = item->as_bytes();
  if (inner == nullptr) return fail(Code::kMalformed, "channel.claims.layout");
  ASSIGN_OR_RETURN(const Cbor pair, Cbor::parse(*inner, {.depth = 1, .items = 3}));
  const std::vector<Cbor>* parts = pair.as_array();
  if (parts == nullptr || parts->size() != 2 || !(*parts)[0].as_unsigned().has_value())
    return fail(Code::kMalformed, "channel.claims.layout");
  if ((*parts)[0].as_unsigned() != kNamedInformationSha256)
    return fail(Code::kUntrusted, "channel.claims.hash-algorithm");
  return digest_from((*parts)[1]);
}

}  // namespace

Bytes encode_key_hash(const Sha256Digest& digest) {
  return Cbor::array({Cbor::unsigned_integer(kNamedInformationSha256), Cbor::bytes(digest)})
      .encode();
}

Bytes encode_claims(const Claims& claims) {
  std::vector<Cbor::Entry> entries;
  const auto add = [&entries](std::string_view key, BytesView value) {
    entries.emplace_back(Cbor::text(key), Cbor::bytes(value));
  };
  add(kPubkeyHashName, encode_key_hash(claims.tls_key_hash));
  add(kConfigName, claims.config_hash);
  add(kReceiptKeyName, claims.receipt_key_hash);
  if (claims.nonce.has_value()) add(kNonceName, *claims.nonce);
  if (claims.exporter.has_value()) add(kExporterName, *claims.exporter);
  return Cbor::map(std::move(entries)).encode();
}

Result<Claims> parse_claims(BytesView wire) {
  if (wire.size() > kMaxClaims) return fail(Code::kTooLarge, "channel.claims.size");
  // One map of at most five text keys with byte strings; a few more items, so that an unknown key
  // is named as such.
  ASSIGN_OR_RETURN(const Cbor map, Cbor::parse(wire, {.depth = 2, .items = 32}));
  if (map.kind() != Cbor::Kind::kMap) return fail(Code::kMalformed, "channel.claims.layout");
  Claims out;
  ASSIGN_OR_RETURN(out.tls_key_hash, key_hash_from(map));
  ASSIGN_OR_RETURN(out.config_hash, required(map, kConfigName));
  ASSIGN_OR_RETURN(out.receipt_key_hash, required(map, kReceiptKeyName));
  RETURN_IF_ERROR(optional(map, kNonceName, out.nonce));
  RETURN_IF_ERROR(optional(map, kExporterName, out.exporter));
  const size_t known = 3 + size_t{out.nonce.has_value()} + size_t{out.exporter.has_value()};
  if (map.num_entries() != known) return fail(Code::kMalformed, "channel.claims.unknown");
  return out;
}

ByteArray<64> report_data_of(BytesView claims) {
  const Sha256Digest digest = sha256(claims);
  ByteArray<64> out = {};
  std::copy(digest.begin(), digest.end(), out.begin());
  return out;
}

}  // namespace blindai
