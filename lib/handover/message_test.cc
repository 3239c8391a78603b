#include "lib/handover/message.h"

#include <gtest/gtest.h>

#include "lib/channel/attestation_message.h"
#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"
#include "tests/support/exact_bytes.h"

namespace blindai {
namespace {

HandoverOffer sample(Tee tee) {
  HandoverOffer out{.evidence = {tee, Bytes(7, 1)},
                    .claims = Bytes(5, 2),
                    .collateral = {},
                    .config = "a = 1\n",
                    .keeps = true};
  uint8_t next = 3;
  for (const CollateralPart& part : collateral_parts(tee)) {
    out.collateral.*part.member = Bytes(next, next);
    ++next;
  }
  return out;
}

std::string error_of(BytesView wire) {
  const auto offer = decode_offer(wire);
  return offer.has_value() ? "" : std::string(offer.error().name());
}

TEST(HandoverOffer, IsReadExactlyAsItWasWritten) {
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro}) {
    const Bytes wire = encode_offer(sample(tee)).value();
    EXPECT_EQ(handover_message(wire).value(), HandoverMessage::kOffer);
    const HandoverOffer read = decode_offer(wire).value();
    EXPECT_EQ(read.evidence.tee, tee);
    EXPECT_TRUE(read.keeps);
    EXPECT_EQ(read.config, "a = 1\n");
    expect_exact(wire, decode_offer, encode_offer, "handover.message.layout",
                 {"handover.message.version", "handover.message.size"});
  }
}

TEST(HandoverOffer, HasTheDocumentedBytes) {
  EXPECT_EQ(to_hex(encode_offer(sample(Tee::kNitro)).value()),
            "89424149484f0d0a"
            "01"
            "01"
            "03"
            "01"
            "0700000001010101010101"
            "050000000202020202"
            "0600000061203d20310a");
}

TEST(HandoverOffer, HasNoPartOverItsLimit) {
  HandoverOffer offer = sample(Tee::kSgx);
  offer.evidence.quote.resize(kMaxEvidence);
  offer.claims.resize(kMaxClaims);
  offer.config.resize(kMaxConfig);
  for (const CollateralPart& part : collateral_parts(Tee::kSgx))
    (offer.collateral.*part.member).resize(kMaxCollateralPart);
  const Bytes most = encode_offer(offer).value();
  EXPECT_LE(most.size(), kMaxHandoverRequest);
  EXPECT_EQ(error_of(most), "");
  HandoverOffer more = offer;
  more.evidence.quote.push_back(0);
  EXPECT_EQ(encode_offer(more).error().name(), "handover.message.size");
  more = offer;
  more.claims.push_back(0);
  EXPECT_EQ(encode_offer(more).error().name(), "handover.message.size");
  more = offer;
  more.config.push_back('x');
  EXPECT_EQ(encode_offer(more).error().name(), "handover.message.size");
  more = offer;
  more.collateral.pck_crl.push_back(0);
  EXPECT_EQ(encode_offer(more).error().name(), "handover.message.size");
  // A length that no part may have, whatever follows.
  Bytes stated = encode_offer(sample(Tee::kSgx)).value();
  stated[14] = 0xff;
  EXPECT_EQ(error_of(stated), "handover.message.size");
  EXPECT_EQ(error_of(Bytes(kMaxHandoverRequest + 1)), "handover.message.size");
}

TEST(HandoverMessages, AreToldApart) {
  const TransferId transfer = sha256(as_bytes("transfer"));
  const Bytes confirmation = encode_transfer(HandoverMessage::kConfirmation, transfer);
  const Bytes farewell = encode_transfer(HandoverMessage::kFarewell, transfer);
  EXPECT_EQ(handover_message(confirmation).value(), HandoverMessage::kConfirmation);
  EXPECT_EQ(decode_transfer(HandoverMessage::kConfirmation, confirmation).value(), transfer);
  EXPECT_EQ(decode_transfer(HandoverMessage::kFarewell, confirmation).error().name(),
            "handover.message.layout");
  EXPECT_EQ(decode_transfer(HandoverMessage::kFarewell, farewell).value(), transfer);
  EXPECT_EQ(error_of(farewell), "handover.message.layout");
  EXPECT_EQ(to_hex(confirmation), "89424149484f0d0a0103" + to_hex(transfer));
  for (size_t n = 0; n < farewell.size(); ++n)
    EXPECT_FALSE(
        decode_transfer(HandoverMessage::kFarewell, BytesView(farewell).first(n)).has_value());
  Bytes later = farewell;
  later[8] = 2;
  EXPECT_EQ(handover_message(later).error().name(), "handover.message.version");
  Bytes unknown = farewell;
  unknown[9] = 5;
  EXPECT_EQ(handover_message(unknown).error().name(), "handover.message.layout");
  EXPECT_EQ(handover_message({}).error().name(), "handover.message.layout");
}

TEST(HandoverMessages, CarrySealedKeys) {
  HpkeSealed sealed{.enc = sha256(as_bytes("enc")), .text = Bytes(40, 0x5a)};
  const Bytes wire = encode_sealed_keys(sealed);
  EXPECT_EQ(to_hex(wire),
            "89424149484f0d0a0102" + to_hex(sealed.enc) + "28000000" + to_hex(sealed.text));
  const HpkeSealed read = decode_sealed_keys(wire).value();
  EXPECT_EQ(read.enc, sealed.enc);
  EXPECT_EQ(read.text, sealed.text);
  expect_exact(wire, decode_sealed_keys, encode_sealed_keys, "handover.message.layout",
               {"handover.message.version", "handover.message.size"});
  EXPECT_EQ(decode_sealed_keys(Bytes(kMaxHandoverAnswer + 1)).error().name(),
            "handover.message.size");
}

TEST(HandoverMessages, BindTheKeysToConnectionAndOffer) {
  EXPECT_EQ(to_hex(handover_info(ByteArray<32>{0xee})).substr(0, 42),
            to_hex(as_bytes("blindai-handover-v1")) + "00" + "ee");
  EXPECT_EQ(handover_aad(as_bytes("offer")), sha256(as_bytes("offer")));
}

}  // namespace
}  // namespace blindai
