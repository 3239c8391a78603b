#include "lib/attest/nitro_document.h"

#include <algorithm>
#include <iterator>

#include "lib/base/cbor_reader.h"

namespace blindai {
namespace {

// In the order in which the NSM writes them.
enum Field : uint8_t {
  kFieldModuleId,
  kFieldDigest,
  kFieldTimestamp,
  kFieldPcrs,
  kFieldNitroTpmPcrs,
  kFieldCertificate,
  kFieldCabundle,
  kFieldPublicKey,
  kFieldUserData,
  kFieldNonce,
  kNumFields,
};
constexpr std::string_view kNames[kNumFields] = {
    "module_id",   "digest",   "timestamp",  "pcrs",      "nitrotpm_pcrs",
    "certificate", "cabundle", "public_key", "user_data", "nonce",
};

constexpr unsigned bit(Field field) {
  return 1u << field;
}
constexpr unsigned kRequired = bit(kFieldModuleId) | bit(kFieldDigest) | bit(kFieldTimestamp) |
                               bit(kFieldCertificate) | bit(kFieldCabundle);
constexpr unsigned kEitherPcrs = bit(kFieldPcrs) | bit(kFieldNitroTpmPcrs);

// The specification gives texts no limit; the payload's is theirs.
Status read_text(CborReader& r, std::string_view& out) {
  const size_t start = r.at();
  ASSIGN_OR_RETURN(out, r.text());
  if (out.empty()) return fail(Code::kMalformed, "nitro.payload.length", start);
  return {};
}

Status read_bytes(CborReader& r, size_t at_least, BytesView& out) {
  const size_t start = r.at();
  ASSIGN_OR_RETURN(out, r.bytes());
  if (out.size() < at_least || out.size() > kMaxNitroField)
    return fail(Code::kMalformed, "nitro.payload.length", start);
  return {};
}

Status read_optional(CborReader& r, size_t at_least, std::optional<BytesView>& out) {
  if (r.null()) return {};
  return read_bytes(r, at_least, out.emplace());
}

Status read_pcrs(CborReader& r, NitroDocument& out) {
  const size_t start = r.at();
  ASSIGN_OR_RETURN(CborCount entries, r.map());
  size_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, r.more(entries));
    if (!more) break;
    const size_t entry = r.at();
    ASSIGN_OR_RETURN(const uint64_t index, r.unsigned_integer());
    ASSIGN_OR_RETURN(const BytesView value, r.bytes());
    const bool length = value.size() == 32 || value.size() == 48 || value.size() == 64;
    if (index >= kNitroPcrs || !length) return fail(Code::kMalformed, "nitro.payload.pcr", entry);
    std::optional<BytesView>& pcr = out.pcrs[static_cast<size_t>(index)];
    if (pcr.has_value()) return fail(Code::kMalformed, "nitro.payload.pcr", entry);
    pcr = value;
    ++count;
  }
  if (count == 0) return fail(Code::kMalformed, "nitro.payload.no-pcrs", start);
  return {};
}

Status read_cabundle(CborReader& r, NitroDocument& out) {
  const size_t start = r.at();
  ASSIGN_OR_RETURN(CborCount elements, r.array());
  while (true) {
    ASSIGN_OR_RETURN(const bool more, r.more(elements));
    if (!more) break;
    if (out.num_cabundle == kMaxNitroCabundle)
      return fail(Code::kMalformed, "nitro.payload.length", r.at());
    RETURN_IF_ERROR(read_bytes(r, 1, out.cabundle_entries[out.num_cabundle]));
    ++out.num_cabundle;
  }
  if (out.num_cabundle == 0) return fail(Code::kMalformed, "nitro.payload.length", start);
  return {};
}

Status read_field(CborReader& r, size_t field, NitroDocument& out) {
  switch (field) {
    case kFieldModuleId:
      return read_text(r, out.module_id);
    case kFieldDigest:
      return read_text(r, out.digest);
    case kFieldTimestamp: {
      ASSIGN_OR_RETURN(out.timestamp_ms, r.unsigned_integer());
      return {};
    }
    case kFieldNitroTpmPcrs:
      out.nitro_tpm = true;
      return read_pcrs(r, out);
    case kFieldPcrs:
      return read_pcrs(r, out);
    case kFieldCertificate:
      return read_bytes(r, 1, out.certificate);
    case kFieldCabundle:
      return read_cabundle(r, out);
    case kFieldPublicKey:
      return read_optional(r, 1, out.public_key);
    case kFieldUserData:
      return read_optional(r, 0, out.user_data);
    default:
      return read_optional(r, 0, out.nonce);
  }
}

}  // namespace

Result<NitroDocument> parse_nitro_payload(BytesView payload) {
  if (payload.size() > kMaxNitroPayload) return fail(Code::kTooLarge, "nitro.payload.too-large");
  CborReader r(payload);
  NitroDocument out{};
  unsigned seen = 0;
  ASSIGN_OR_RETURN(CborCount entries, r.map());
  while (true) {
    ASSIGN_OR_RETURN(const bool more, r.more(entries));
    if (!more) break;
    const size_t start = r.at();
    ASSIGN_OR_RETURN(const std::string_view key, r.text());
    const auto* const found = std::find(std::begin(kNames), std::end(kNames), key);
    if (found == std::end(kNames))
      return fail(Code::kMalformed, "nitro.payload.unknown-key", start);
    const auto field = static_cast<Field>(found - std::begin(kNames));
    // One of the two names for PCRs, so that there is one set of them.
    const unsigned same = (kEitherPcrs & bit(field)) != 0 ? kEitherPcrs : bit(field);
    if ((seen & same) != 0) return fail(Code::kMalformed, "nitro.payload.repeated-key", start);
    seen |= bit(field);
    RETURN_IF_ERROR(read_field(r, field, out));
  }
  RETURN_IF_ERROR(r.finish());
  if ((seen & kRequired) != kRequired || (seen & kEitherPcrs) == 0)
    return fail(Code::kMalformed, "nitro.payload.missing-key");
  return out;
}

}  // namespace blindai
