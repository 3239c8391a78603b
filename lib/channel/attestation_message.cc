#include "lib/channel/attestation_message.h"

#include "lib/base/json.h"
#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"

namespace blindai {
namespace {

constexpr JsonLimits kLimits = {
    .max_bytes = kMaxAttestationMessage, .max_depth = 8, .max_values = 64};

Status check_sizes(const AttestationMessage& message) {
  bool good = message.evidence.quote.size() <= kMaxEvidence &&
              message.claims.size() <= kMaxClaims && message.config.size() <= kMaxConfig &&
              message.receipt_key_spki.size() <= kMaxKey;
  for (const CollateralPart& part : collateral_parts(message.evidence.tee))
    good = good && (message.collateral.*part.member).size() <= kMaxCollateralPart;
  if (!good) return fail(Code::kTooLarge, "channel.message.size");
  return {};
}

Result<Bytes> base64_field(const JsonValue& object, std::string_view name, size_t max) {
  const JsonValue value = object[name];
  const Result<std::string_view> text = value.plain_string();
  if (!text.has_value()) return fail(Code::kMalformed, "channel.message.field", object.offset());
  if (text->size() > (max + 2) / 3 * 4)
    return fail(Code::kTooLarge, "channel.message.size", value.offset());
  Result<Bytes> raw = from_base64(*text);
  if (!raw.has_value()) return fail(Code::kMalformed, "channel.message.field", value.offset());
  return raw;
}

Result<Tee> tee_field(const JsonValue& object) {
  const Result<std::string_view> name = object["tee"].plain_string();
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro})
    if (name.has_value() && *name == name_of(tee)) return tee;
  return fail(Code::kMalformed, "channel.message.field", object.offset());
}

std::string member(std::string_view name, std::string_view quoted_or_object) {
  return json_quote(name) + ":" + std::string(quoted_or_object);
}

std::string base64_member(std::string_view name, BytesView value) {
  return member(name, json_quote(to_base64(value)));
}

}  // namespace

Result<std::string> encode_attestation_message(const AttestationMessage& message) {
  RETURN_IF_ERROR(check_sizes(message));
  if (!is_utf8(as_bytes(message.config))) return fail(Code::kInvalid, "channel.message.utf8");
  std::string collateral;
  for (const CollateralPart& part : collateral_parts(message.evidence.tee))
    collateral +=
        (collateral.empty() ? "" : ",") + base64_member(part.name, message.collateral.*part.member);
  std::string out = "{" + member("tee", json_quote(name_of(message.evidence.tee))) + "," +
                    base64_member("evidence", message.evidence.quote) + "," +
                    base64_member("claims", message.claims) + "," +
                    member("collateral", "{" + collateral + "}") + "," +
                    member("config", json_quote(message.config)) + "," +
                    base64_member("receipt_key", message.receipt_key_spki) + "}";
  if (out.size() > kMaxAttestationMessage) return fail(Code::kTooLarge, "channel.message.size");
  return out;
}

Result<AttestationMessage> decode_attestation_message(std::string_view text) {
  if (text.size() > kMaxAttestationMessage) return fail(Code::kTooLarge, "channel.message.size");
  ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::parse(text, kLimits));
  const JsonValue root = document.root();
  AttestationMessage out;
  ASSIGN_OR_RETURN(out.evidence.tee, tee_field(root));
  ASSIGN_OR_RETURN(out.evidence.quote, base64_field(root, "evidence", kMaxEvidence));
  ASSIGN_OR_RETURN(out.claims, base64_field(root, "claims", kMaxClaims));
  const JsonValue collateral = root["collateral"];
  if (!collateral.is_object())
    return fail(Code::kMalformed, "channel.message.field", root.offset());
  for (const CollateralPart& part : collateral_parts(out.evidence.tee)) {
    ASSIGN_OR_RETURN(out.collateral.*part.member,
                     base64_field(collateral, part.name, kMaxCollateralPart));
  }
  Result<std::string> config = root["config"].string();
  if (!config.has_value()) return fail(Code::kMalformed, "channel.message.field");
  out.config = std::move(*config);
  ASSIGN_OR_RETURN(out.receipt_key_spki, base64_field(root, "receipt_key", kMaxKey));
  RETURN_IF_ERROR(check_sizes(out));
  return out;
}

std::string encode_attestation_question(const ByteArray<32>& nonce) {
  return "{" + base64_member("nonce", nonce) + "}";
}

Result<ByteArray<32>> decode_attestation_question(std::string_view text) {
  if (text.size() > kMaxAttestationQuestion) return fail(Code::kTooLarge, "channel.question.size");
  ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::parse(text, kLimits));
  const JsonValue root = document.root();
  const Result<std::string_view> field = root["nonce"].plain_string();
  ByteArray<32> nonce;
  if (!field.has_value() || root.size() != 1)
    return fail(Code::kMalformed, "channel.question.nonce");
  const Result<Bytes> raw = from_base64(*field);
  if (!raw.has_value() || raw->size() != nonce.size())
    return fail(Code::kMalformed, "channel.question.nonce");
  std::copy(raw->begin(), raw->end(), nonce.begin());
  return nonce;
}

}  // namespace blindai
