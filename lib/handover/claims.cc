#include "lib/handover/claims.h"

#include "lib/base/cbor.h"
#include "lib/channel/claims.h"

namespace blindai {
namespace {

constexpr std::string_view kConfig = "config";
constexpr std::string_view kExporter = "exporter";
constexpr std::string_view kHandoverKey = "handover-key";

bool read(const Cbor& map, std::string_view key, ByteArray<32>& out) {
  const Cbor* item = map.find(key);
  const Bytes* raw = item == nullptr ? nullptr : item->as_bytes();
  if (raw == nullptr || raw->size() != out.size()) return false;
  std::copy(raw->begin(), raw->end(), out.begin());
  return true;
}

}  // namespace

Bytes encode_handover_claims(const HandoverClaims& claims) {
  std::vector<Cbor::Entry> entries;
  entries.emplace_back(Cbor::text(kConfig), Cbor::bytes(claims.config_hash));
  entries.emplace_back(Cbor::text(kExporter), Cbor::bytes(claims.exporter));
  entries.emplace_back(Cbor::text(kHandoverKey), Cbor::bytes(claims.handover_key));
  return Cbor::map(std::move(entries)).encode();
}

Result<HandoverClaims> parse_handover_claims(BytesView wire) {
  if (wire.size() > kMaxClaims) return fail(Code::kTooLarge, "handover.claims.size");
  ASSIGN_OR_RETURN(const Cbor map, Cbor::parse(wire, {.depth = 2, .items = 32}));
  HandoverClaims out;
  if (map.num_entries() != 3 || !read(map, kConfig, out.config_hash) ||
      !read(map, kExporter, out.exporter) || !read(map, kHandoverKey, out.handover_key))
    return fail(Code::kMalformed, "handover.claims.layout");
  return out;
}

}  // namespace blindai
