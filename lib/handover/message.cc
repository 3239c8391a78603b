#include "lib/handover/message.h"

#include "lib/base/byte_reader.h"
#include "lib/channel/attestation_message.h"
#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr ByteArray<8> kMagic = {0x89, 'B', 'A', 'I', 'H', 'O', '\r', '\n'};
constexpr uint8_t kVersion = 1;
constexpr Id kSize{"handover.message.size"};
constexpr Id kLayout{"handover.message.layout"};
constexpr Id kOtherVersion{
    "handover.message.version",
    "The other server speaks a later version of the handover; update the older of the two."};
constexpr Tee kTees[] = {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro};

Bytes head(HandoverMessage kind) {
  Bytes out = to_bytes(kMagic);
  put_u8(out, kVersion);
  put_u8(out, static_cast<uint8_t>(kind));
  return out;
}

Result<HandoverMessage> read_head(ByteReader& r) {
  ByteArray<8> magic;
  uint8_t version = 0;
  uint8_t kind = 0;
  if (!r.array(magic) || magic != kMagic || !r.u8(version))
    return fail(Code::kMalformed, kLayout, r.at());
  if (version != kVersion) return fail(Code::kMalformed, kOtherVersion, r.at());
  if (!r.u8(kind) || kind < 1 || kind > 4) return fail(Code::kMalformed, kLayout, r.at());
  return static_cast<HandoverMessage>(kind);
}

Status expect(ByteReader& r, HandoverMessage kind) {
  const size_t at = r.at();
  ASSIGN_OR_RETURN(const HandoverMessage found, read_head(r));
  if (found != kind) return fail(Code::kMalformed, kLayout, at);
  return {};
}

void put_part(Bytes& out, BytesView part) {
  put_u32le(out, static_cast<uint32_t>(part.size()));
  append(out, part);
}

Result<BytesView> part(ByteReader& r, size_t max) {
  uint32_t length = 0;
  BytesView out;
  const size_t at = r.at();
  if (!r.u32le(length)) return fail(Code::kMalformed, kLayout, at);
  if (length > max) return fail(Code::kTooLarge, kSize, at);
  if (!r.bytes(out, length)) return fail(Code::kMalformed, kLayout, at);
  return out;
}

bool fits(const HandoverOffer& offer) {
  bool good = offer.evidence.quote.size() <= kMaxEvidence && offer.claims.size() <= kMaxClaims &&
              offer.config.size() <= kMaxConfig;
  for (const CollateralPart& one : collateral_parts(offer.evidence.tee))
    good = good && (offer.collateral.*one.member).size() <= kMaxCollateralPart;
  return good;
}

}  // namespace

Result<HandoverMessage> handover_message(BytesView wire) {
  ByteReader r(wire);
  return read_head(r);
}

Result<Bytes> encode_offer(const HandoverOffer& offer) {
  if (!fits(offer)) return fail(Code::kTooLarge, kSize);
  Bytes out = head(HandoverMessage::kOffer);
  put_u8(out, static_cast<uint8_t>(offer.evidence.tee));
  put_u8(out, offer.keeps ? 1 : 0);
  put_part(out, offer.evidence.quote);
  put_part(out, offer.claims);
  put_part(out, as_bytes(offer.config));
  for (const CollateralPart& one : collateral_parts(offer.evidence.tee))
    put_part(out, offer.collateral.*one.member);
  return out;
}

Result<HandoverOffer> decode_offer(BytesView wire) {
  if (wire.size() > kMaxHandoverRequest) return fail(Code::kTooLarge, kSize);
  ByteReader r(wire);
  RETURN_IF_ERROR(expect(r, HandoverMessage::kOffer));
  uint8_t tee = 0;
  uint8_t keeps = 0;
  if (!r.u8(tee) || tee >= std::size(kTees) || !r.u8(keeps) || keeps > 1)
    return fail(Code::kMalformed, kLayout, r.at());
  HandoverOffer out{.evidence = {kTees[tee], {}},
                    .claims = {},
                    .collateral = {},
                    .config = {},
                    .keeps = keeps == 1};
  ASSIGN_OR_RETURN(const BytesView quote, part(r, kMaxEvidence));
  ASSIGN_OR_RETURN(const BytesView claims, part(r, kMaxClaims));
  ASSIGN_OR_RETURN(const BytesView config, part(r, kMaxConfig));
  out.evidence.quote = to_bytes(quote);
  out.claims = to_bytes(claims);
  out.config = as_text(config);
  for (const CollateralPart& one : collateral_parts(out.evidence.tee)) {
    ASSIGN_OR_RETURN(const BytesView document, part(r, kMaxCollateralPart));
    out.collateral.*one.member = to_bytes(document);
  }
  if (!r.done()) return fail(Code::kMalformed, kLayout, r.at());
  return out;
}

Bytes encode_sealed_keys(const HpkeSealed& sealed) {
  Bytes out = head(HandoverMessage::kSealedKeys);
  append(out, sealed.enc);
  put_part(out, sealed.text);
  return out;
}

Result<HpkeSealed> decode_sealed_keys(BytesView wire) {
  if (wire.size() > kMaxHandoverAnswer) return fail(Code::kTooLarge, kSize);
  ByteReader r(wire);
  RETURN_IF_ERROR(expect(r, HandoverMessage::kSealedKeys));
  HpkeSealed out;
  if (!r.array(out.enc)) return fail(Code::kMalformed, kLayout, r.at());
  ASSIGN_OR_RETURN(const BytesView text, part(r, kMaxHandoverAnswer));
  if (!r.done()) return fail(Code::kMalformed, kLayout, r.at());
  out.text = to_bytes(text);
  return out;
}

Bytes encode_transfer(HandoverMessage kind, const TransferId& transfer) {
  Bytes out = head(kind);
  append(out, transfer);
  return out;
}

Result<TransferId> decode_transfer(HandoverMessage kind, BytesView wire) {
  ByteReader r(wire);
  RETURN_IF_ERROR(expect(r, kind));
  TransferId out;
  if (!r.array(out) || !r.done()) return fail(Code::kMalformed, kLayout, r.at());
  return out;
}

Bytes handover_info(const ByteArray<32>& exporter) {
  Bytes out = to_bytes(as_bytes("blindai-handover-v1"));
  put_u8(out, 0);
  append(out, exporter);
  return out;
}

Sha256Digest handover_aad(BytesView offer) {
  return sha256(offer);
}

}  // namespace blindai
