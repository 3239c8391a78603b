#include "lib/channel/claims.h"

#include <gtest/gtest.h>

#include "lib/base/cbor.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

Claims sample(bool fresh) {
  Claims out{.tls_key_hash = sha256(as_bytes("tls")),
             .config_hash = sha256(as_bytes("config")),
             .receipt_key_hash = sha256(as_bytes("receipt")),
             .nonce = {},
             .exporter = {}};
  if (fresh) {
    out.nonce = sha256(as_bytes("nonce"));
    out.exporter = sha256(as_bytes("exporter"));
  }
  return out;
}

// The entries of a map that parses, for tests that change one.
std::vector<Cbor::Entry> entries() {
  const Claims claims = sample(false);
  const Bytes key_hash = Cbor::array({Cbor::integer(1), Cbor::bytes(claims.tls_key_hash)}).encode();
  std::vector<Cbor::Entry> out;
  out.emplace_back(Cbor::text("pubkey-hash"), Cbor::bytes(key_hash));
  out.emplace_back(Cbor::text("config"), Cbor::bytes(claims.config_hash));
  out.emplace_back(Cbor::text("receipt-key"), Cbor::bytes(claims.receipt_key_hash));
  return out;
}

std::string error_of(std::vector<Cbor::Entry> map) {
  const Result<Claims> claims = parse_claims(Cbor::map(std::move(map)).encode());
  return claims.has_value() ? "" : std::string(claims.error().name());
}

TEST(Claims, AreReadAsTheyWereWritten) {
  for (const bool fresh : {false, true}) {
    const Bytes wire = encode_claims(sample(fresh));
    const Result<Claims> read = parse_claims(wire);
    ASSERT_TRUE(read.has_value()) << read.error().name();
    EXPECT_EQ(*read, sample(fresh));
  }
  EXPECT_EQ(error_of(entries()), "");
}

TEST(Claims, HaveTheDocumentedBytes) {
  Claims claims{
      .tls_key_hash = {}, .config_hash = {}, .receipt_key_hash = {}, .nonce = {}, .exporter = {}};
  claims.tls_key_hash.fill(0x11);
  claims.config_hash.fill(0x22);
  claims.receipt_key_hash.fill(0x33);
  const std::string filled[] = {to_hex(claims.tls_key_hash), to_hex(claims.config_hash),
                                to_hex(claims.receipt_key_hash)};
  EXPECT_EQ(to_hex(encode_claims(claims)),
            "a3"
            "66636f6e666967"
            "5820" +
                filled[1] +
                "6b7075626b65792d68617368"
                "5824"
                "82015820" +
                filled[0] +
                "6b726563656970742d6b6579"
                "5820" +
                filled[2]);
}

TEST(Claims, RefuseEveryMissingKeyByName) {
  for (size_t i = 0; i < 3; ++i) {
    std::vector<Cbor::Entry> map = entries();
    map.erase(map.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.missing") << i;
  }
}

TEST(Claims, RefuseUnknownKeys) {
  std::vector<Cbor::Entry> map = entries();
  map.emplace_back(Cbor::text("model"), Cbor::bytes(sha256({})));
  EXPECT_EQ(error_of(std::move(map)), "channel.claims.unknown");
  map = entries();
  map.emplace_back(Cbor::integer(1), Cbor::bytes(sha256({})));
  EXPECT_EQ(error_of(std::move(map)), "channel.claims.unknown");
}

TEST(Claims, RefuseValuesOfAnotherTypeOrLength) {
  for (size_t i = 0; i < 3; ++i) {
    std::vector<Cbor::Entry> map = entries();
    map[i].second = Cbor::text("text");
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.layout") << i;
  }
  for (const size_t length : {0u, 31u, 33u}) {
    std::vector<Cbor::Entry> map = entries();
    map[1].second = Cbor::bytes(Bytes(length, 1));
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.layout") << length;
    map = entries();
    map.emplace_back(Cbor::text("nonce"), Cbor::bytes(Bytes(length, 1)));
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.layout") << length;
    map = entries();
    map.emplace_back(Cbor::text("exporter"), Cbor::bytes(Bytes(length, 1)));
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.layout") << length;
  }
  EXPECT_EQ(parse_claims(Cbor::array({}).encode()).error().name(), "channel.claims.layout");
}

TEST(Claims, RefuseOtherHashesOfTheKey) {
  for (const uint64_t algorithm : {0u, 7u, 8u}) {
    std::vector<Cbor::Entry> map = entries();
    const Cbor pair = Cbor::array({Cbor::unsigned_integer(algorithm), Cbor::bytes(Bytes(32, 1))});
    map[0].second = Cbor::bytes(pair.encode());
    EXPECT_EQ(error_of(std::move(map)), "channel.claims.hash-algorithm") << algorithm;
  }
  std::vector<Cbor::Entry> map = entries();
  map[0].second = Cbor::bytes(Cbor::array({Cbor::integer(1)}).encode());
  EXPECT_EQ(error_of(std::move(map)), "channel.claims.layout");
  map = entries();
  Bytes padded = *map[0].second.as_bytes();
  padded.push_back(0);
  map[0].second = Cbor::bytes(padded);
  EXPECT_EQ(error_of(std::move(map)), "cbor.trailing-bytes");
}

TEST(Claims, RefuseOversizedInput) {
  EXPECT_EQ(parse_claims(Bytes(kMaxClaims + 1, 0)).error().name(), "channel.claims.size");
}

TEST(Claims, RefuseEveryTruncation) {
  const Bytes wire = encode_claims(sample(true));
  for (size_t length = 0; length < wire.size(); ++length)
    EXPECT_FALSE(parse_claims(BytesView(wire).first(length)).has_value()) << length;
}

TEST(Claims, EveryFlippedBitChangesThemOrFails) {
  const Bytes wire = encode_claims(sample(true));
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes changed = wire;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const Result<Claims> read = parse_claims(changed);
    if (read.has_value()) {
      EXPECT_NE(*read, sample(true)) << bit;
      EXPECT_EQ(encode_claims(*read), changed) << bit;
    }
    EXPECT_NE(report_data_of(changed), report_data_of(wire)) << bit;
  }
}

TEST(Claims, ReportDataIsTheirHashThenZeros) {
  const Bytes wire = encode_claims(sample(false));
  const ByteArray<64> data = report_data_of(wire);
  EXPECT_TRUE(equal(BytesView(data).first(32), sha256(wire)));
  EXPECT_TRUE(equal(BytesView(data).subspan(32), Bytes(32, 0)));
}

}  // namespace
}  // namespace blindai
