#include "lib/handover/claims.h"

#include <gtest/gtest.h>

#include "lib/base/cbor.h"
#include "lib/channel/claims.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

HandoverClaims sample() {
  HandoverClaims out{};
  out.config_hash.fill(0x11);
  out.exporter.fill(0x22);
  out.handover_key.fill(0x33);
  return out;
}

TEST(HandoverClaims, HaveTheDocumentedBytes) {
  const Bytes wire = encode_handover_claims(sample());
  EXPECT_EQ(to_hex(wire),
            "a3"
            "66636f6e666967"
            "5820" +
                to_hex(sample().config_hash) +
                "686578706f72746572"
                "5820" +
                to_hex(sample().exporter) +
                "6c68616e646f7665722d6b6579"
                "5820" +
                to_hex(sample().handover_key));
  EXPECT_EQ(parse_handover_claims(wire).value(), sample());
}

TEST(HandoverClaims, AreNeverAServersAndAServersNeverThese) {
  EXPECT_EQ(parse_claims(encode_handover_claims(sample())).error().name(),
            "channel.claims.missing");
  const Claims of_server{.tls_key_hash = sha256(as_bytes("tls")),
                         .config_hash = sha256(as_bytes("config")),
                         .receipt_key_hash = sha256(as_bytes("receipt")),
                         .nonce = sha256(as_bytes("nonce")),
                         .exporter = sha256(as_bytes("exporter"))};
  EXPECT_EQ(parse_handover_claims(encode_claims(of_server)).error().name(),
            "handover.claims.layout");
}

TEST(HandoverClaims, AreRefusedCutChangedOrExtended) {
  const Bytes wire = encode_handover_claims(sample());
  for (size_t n = 0; n < wire.size(); ++n)
    EXPECT_FALSE(parse_handover_claims(BytesView(wire).first(n)).has_value()) << n;
  for (size_t bit = 0; bit < 8 * wire.size(); ++bit) {
    Bytes changed = wire;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto claims = parse_handover_claims(changed);
    if (claims.has_value()) {
      EXPECT_NE(*claims, sample()) << bit;
      EXPECT_EQ(encode_handover_claims(*claims), changed) << bit;
    }
  }
  Bytes longer = wire;
  longer.push_back(0);
  EXPECT_EQ(parse_handover_claims(longer).error().name(), "cbor.trailing-bytes");
  EXPECT_EQ(parse_handover_claims(Bytes(kMaxClaims + 1)).error().name(), "handover.claims.size");
  std::vector<Cbor::Entry> four;
  for (const char* key : {"config", "exporter", "handover-key", "nonce"})
    four.emplace_back(Cbor::text(key), Cbor::bytes(ByteArray<32>{}));
  EXPECT_EQ(parse_handover_claims(Cbor::map(std::move(four)).encode()).error().name(),
            "handover.claims.layout");
}

}  // namespace
}  // namespace blindai
