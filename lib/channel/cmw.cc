#include "lib/channel/cmw.h"

#include <optional>

#include "lib/base/byte_reader.h"
#include "lib/base/cbor.h"
#include "lib/base/der_writer.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kUtf8String = 0x0c;
constexpr std::string_view kEvidence = "evidence";
constexpr std::string_view kClaimsLabel = "claims";
// RFC 9999, registry of CM indicators: a bitmap, bit 2 is Evidence.
constexpr uint64_t kIndicatorEvidence = 4;
constexpr std::string_view kClaimsType = "application/vnd.blindai.claims+cbor";
// Nobody has registered one for these; the names are those that others use. SNP:
// draft-deeglaze-amd-sev-snp-corim-profile. Nitro: Project Veraison.
constexpr std::string_view kSnpType = "application/vnd.amd.sev-snp.attestation-report";
constexpr std::string_view kNitroType = "application/aws-nitro-document";

std::string_view type_of(Tee tee) {
  switch (tee) {
    case Tee::kSnp:
      return kSnpType;
    case Tee::kNitro:
      return kNitroType;
    case Tee::kSgx:
    case Tee::kTdx:
      break;
  }
  return {};
}

std::unexpected<Error> bad_layout() {
  return fail(Code::kMalformed, "channel.cmw.layout");
}

struct Record {
  std::string type;
  Bytes value;
  std::optional<uint64_t> indicator;
};

// An indicator may be left out where there is no doubt, and the label leaves none.
bool is_evidence(const Record& record) {
  return record.indicator.value_or(kIndicatorEvidence) == kIndicatorEvidence;
}

Result<CarriedEvidence> content_of(Record evidence, Record claims) {
  const auto untrusted = fail(Code::kUntrusted, "channel.cmw.type");
  if (claims.type != kClaimsType || !is_evidence(evidence) || !is_evidence(claims))
    return untrusted;
  for (const Tee tee : {Tee::kSnp, Tee::kNitro})
    if (evidence.type == type_of(tee))
      return CarriedEvidence{{tee, std::move(evidence.value)}, std::move(claims.value)};
  return untrusted;
}

Cbor record_to_cbor(std::string_view type, BytesView value) {
  return Cbor::array(
      {Cbor::text(type), Cbor::bytes(value), Cbor::unsigned_integer(kIndicatorEvidence)});
}

Result<Record> record_from(const Cbor* item) {
  const std::vector<Cbor>* parts = item == nullptr ? nullptr : item->as_array();
  if (parts == nullptr || (parts->size() != 2 && parts->size() != 3)) return bad_layout();
  const auto type = (*parts)[0].as_text();
  const Bytes* value = (*parts)[1].as_bytes();
  if (!type.has_value() || value == nullptr) return bad_layout();
  Record out{std::string(*type), *value, {}};
  if (parts->size() == 3) {
    out.indicator = (*parts)[2].as_unsigned();
    if (!out.indicator.has_value()) return bad_layout();
  }
  return out;
}

Result<Record> record_from(const JsonValue& item) {
  if (!item.is_array() || (item.size() != 2 && item.size() != 3)) return bad_layout();
  const JsonValue type = item.first();
  const JsonValue value = type.next_in(item);
  Record out;
  ASSIGN_OR_RETURN(out.type, type.string());
  ASSIGN_OR_RETURN(const std::string_view text, value.plain_string());
  auto bytes = from_base64url(text);
  if (!bytes.has_value()) return bad_layout();
  out.value = *std::move(bytes);
  const JsonValue indicator = value.next_in(item);
  if (indicator.exists()) {
    ASSIGN_OR_RETURN(out.indicator, indicator.u64());
  }
  return out;
}

Result<CarriedEvidence> from_cbor(BytesView wire) {
  ASSIGN_OR_RETURN(const Cbor collection, Cbor::parse(wire, {.depth = 2, .items = 16}));
  if (collection.num_entries() != 2) return bad_layout();
  ASSIGN_OR_RETURN(Record evidence, record_from(collection.find(kEvidence)));
  ASSIGN_OR_RETURN(Record claims, record_from(collection.find(kClaimsLabel)));
  return content_of(std::move(evidence), std::move(claims));
}

Result<CarriedEvidence> from_json(BytesView wire) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::parse(as_text(wire), {.max_depth = 4, .max_values = 16}));
  const JsonValue collection = document.root();
  if (!collection.is_object() || collection.size() != 2) return bad_layout();
  ASSIGN_OR_RETURN(Record evidence, record_from(collection[kEvidence]));
  ASSIGN_OR_RETURN(Record claims, record_from(collection[kClaimsLabel]));
  return content_of(std::move(evidence), std::move(claims));
}

// The content of the one value that `encoded` is, if it has this tag and the shortest length.
std::optional<BytesView> der_content(BytesView encoded, uint8_t tag) {
  ByteReader r(encoded);
  uint8_t found = 0, first = 0;
  if (!r.u8(found) || found != tag || !r.u8(first)) return {};
  uint64_t length = first;
  if (first >= 0x80) {
    uint8_t one = 0;
    uint16_t two = 0;
    if (first == 0x81 && r.u8(one) && one >= 0x80) {
      length = one;
    } else if (first == 0x82 && r.u16be(two) && two > UINT8_MAX) {
      length = two;
    } else {
      return {};
    }
  }
  BytesView content;
  if (!r.bytes(content, length) || !r.done()) return {};
  return content;
}

}  // namespace

bool has_cmw_type(Tee tee) {
  return !type_of(tee).empty();
}

Bytes encode_cmw(const Evidence& evidence, BytesView claims) {
  BLINDAI_CHECK(has_cmw_type(evidence.tee));
  const Cbor collection =
      Cbor::map({{Cbor::text(kEvidence), record_to_cbor(type_of(evidence.tee), evidence.quote)},
                 {Cbor::text(kClaimsLabel), record_to_cbor(kClaimsType, claims)}});
  return der_octet_string(collection.encode());
}

Result<CarriedEvidence> decode_cmw(BytesView extension) {
  const auto cbor = der_content(extension, kOctetString);
  if (cbor.has_value()) return from_cbor(*cbor);
  const auto json = der_content(extension, kUtf8String);
  if (json.has_value()) return from_json(*json);
  return fail(Code::kMalformed, "channel.cmw.choice");
}

}  // namespace blindai
