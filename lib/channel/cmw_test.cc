#include "lib/channel/cmw.h"

#include <gtest/gtest.h>

#include "lib/base/cbor.h"
#include "lib/base/der_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kSnp = "application/vnd.amd.sev-snp.attestation-report";
constexpr std::string_view kNitro = "application/aws-nitro-document";
constexpr std::string_view kClaims = "application/vnd.blindai.claims+cbor";

std::string cmw_error(BytesView extension) {
  const auto read = decode_cmw(extension);
  return read.has_value() ? "" : std::string(read.error().name());
}
std::string cbor_error(const Cbor& item) {
  return cmw_error(der_octet_string(item.encode()));
}
std::string json_error(std::string_view text) {
  return cmw_error(der_utf8(text));
}

Cbor record(std::string_view type, const Bytes& value, uint64_t indicator = 4) {
  return Cbor::array({Cbor::text(type), Cbor::bytes(value), Cbor::unsigned_integer(indicator)});
}
Cbor collection(const Cbor& evidence, const Cbor& claims) {
  return Cbor::map({{Cbor::text("evidence"), evidence}, {Cbor::text("claims"), claims}});
}
const Bytes kValue = {1, 2, 3};

TEST(Cmw, IsReadAsItWasWritten) {
  for (const Tee tee : {Tee::kSnp, Tee::kNitro}) {
    ASSERT_TRUE(has_cmw_type(tee));
    for (const size_t length : {0u, 100u, 1184u, 20000u}) {
      const Bytes evidence(length, 7), claims(length % 1000, 8);
      const auto read = decode_cmw(encode_cmw({tee, evidence}, claims));
      ASSERT_TRUE(read.has_value()) << read.error().name();
      EXPECT_EQ(read->evidence.tee, tee);
      EXPECT_EQ(read->evidence.quote, evidence);
      EXPECT_EQ(read->claims, claims);
    }
  }
  EXPECT_FALSE(has_cmw_type(Tee::kSgx));
  EXPECT_FALSE(has_cmw_type(Tee::kTdx));
}

TEST(Cmw, HasTheDocumentedBytes) {
  // OCTET STRING, map(2), "claims" [text, bytes, 4], "evidence" [text, bytes, 4].
  EXPECT_EQ(to_hex(encode_cmw({Tee::kNitro, {0x84}}, Bytes{0xa0})),
            "045e"
            "a2"
            "66636c61696d73"
            "83"
            "7823" +
                to_hex(as_bytes(kClaims)) +
                "41a0"
                "04"
                "6865766964656e6365"
                "83"
                "781e" +
                to_hex(as_bytes(kNitro)) +
                "4184"
                "04");
}

TEST(Cmw, IsReadInJson) {
  const auto read =
      decode_cmw(der_utf8("{\"claims\": [\"application/vnd.blindai.claims+cbor\", \"oA\", 4],"
                          " \"evidence\": [\"application/aws-nitro-document\", \"-_-_\"]}"));
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->evidence.tee, Tee::kNitro);
  EXPECT_EQ(to_hex(read->evidence.quote), "fbffbf");
  EXPECT_EQ(to_hex(read->claims), "a0");
}

TEST(Cmw, RecordsHaveTheirTypesAndIndicators) {
  const Cbor evidence = record(kSnp, kValue), claims = record(kClaims, kValue);
  EXPECT_EQ(cbor_error(collection(evidence, claims)), "");
  // The indicator may be left out.
  const Cbor short_one = Cbor::array({Cbor::text(kSnp), Cbor::bytes(kValue)});
  EXPECT_EQ(cbor_error(collection(short_one, claims)), "");
  for (const uint64_t indicator : {0u, 1u, 2u, 5u, 8u, 15u, 16u}) {
    EXPECT_EQ(cbor_error(collection(record(kSnp, kValue, indicator), claims)), "channel.cmw.type");
    EXPECT_EQ(cbor_error(collection(evidence, record(kClaims, kValue, indicator))),
              "channel.cmw.type");
  }
  EXPECT_EQ(cbor_error(collection(claims, evidence)), "channel.cmw.type");
  EXPECT_EQ(cbor_error(collection(record("application/eat+cwt", kValue), claims)),
            "channel.cmw.type");
  EXPECT_EQ(cbor_error(collection(record("", kValue), claims)), "channel.cmw.type");
  EXPECT_EQ(cbor_error(collection(evidence, record("application/cbor", kValue))),
            "channel.cmw.type");
}

TEST(Cmw, OtherLayoutsAreRefused) {
  const Cbor evidence = record(kSnp, kValue), claims = record(kClaims, kValue);
  constexpr std::string_view kLayout = "channel.cmw.layout";
  // A record or a tag alone, without claims.
  EXPECT_EQ(cbor_error(evidence), kLayout);
  EXPECT_EQ(cbor_error(Cbor::tagged(1668576818, Cbor::bytes(kValue))), kLayout);
  EXPECT_EQ(cbor_error(Cbor::map({})), kLayout);
  EXPECT_EQ(cbor_error(Cbor::map({{Cbor::text("evidence"), evidence}})), kLayout);
  EXPECT_EQ(
      cbor_error(Cbor::map({{Cbor::text("evidence"), evidence}, {Cbor::text("Claims"), claims}})),
      kLayout);
  EXPECT_EQ(cbor_error(Cbor::map({{Cbor::text("evidence"), evidence},
                                  {Cbor::text("claims"), claims},
                                  {Cbor::text("__cmwc_t"), Cbor::text("tag:x")}})),
            kLayout);
  // A CoAP content format, text for bytes, a tunnel, a nested collection, four elements.
  EXPECT_EQ(
      cbor_error(collection(
          Cbor::array({Cbor::integer(30001), Cbor::bytes(kValue), Cbor::integer(4)}), claims)),
      kLayout);
  EXPECT_EQ(cbor_error(collection(Cbor::array({Cbor::text(kSnp), Cbor::text("x")}), claims)),
            kLayout);
  EXPECT_EQ(cbor_error(collection(Cbor::array({Cbor::text("#cmw-j2c-tunnel")}), claims)), kLayout);
  EXPECT_EQ(cbor_error(collection(Cbor::map({}), claims)), kLayout);
  EXPECT_EQ(cbor_error(collection(Cbor::array({Cbor::text(kSnp), Cbor::bytes(kValue),
                                               Cbor::integer(4), Cbor::integer(4)}),
                                  claims)),
            kLayout);
  EXPECT_EQ(cbor_error(collection(
                Cbor::array({Cbor::text(kSnp), Cbor::bytes(kValue), Cbor::integer(-5)}), claims)),
            kLayout);
}

TEST(Cmw, TheChoiceIsOneOfTwoInDer) {
  constexpr std::string_view kChoice = "channel.cmw.choice";
  const Bytes good = encode_cmw({Tee::kSnp, kValue}, {});
  ASSERT_EQ(cmw_error(good), "");
  Bytes changed = good;
  changed[0] = 0x30;
  EXPECT_EQ(cmw_error(changed), kChoice);
  changed[0] = 0x0c;  // CBOR where JSON should be
  EXPECT_EQ(cmw_error(changed), "json.utf8");
  changed = good;
  changed.push_back(0);
  EXPECT_EQ(cmw_error(changed), kChoice);
  changed.pop_back();
  changed.pop_back();
  EXPECT_EQ(cmw_error(changed), kChoice);
  EXPECT_EQ(cmw_error({}), kChoice);
  // The same length in longer forms, and an open one.
  ASSERT_LT(good[1], 0x80);
  for (const Bytes& length : {Bytes{0x81, good[1]}, Bytes{0x82, 0x00, good[1]}, Bytes{0x80}}) {
    Bytes longer = {0x04};
    append(longer, length);
    append(longer, BytesView(good).subspan(2));
    EXPECT_EQ(cmw_error(longer), kChoice);
  }
}

TEST(Cmw, JsonIsAsStrictAsCbor) {
  const std::string claims = "\"claims\":[\"application/vnd.blindai.claims+cbor\",\"oA\",4]";
  const auto with = [&claims](const std::string& evidence) {
    return json_error("{" + claims + ",\"evidence\":" + evidence + "}");
  };
  const std::string type = "\"application/aws-nitro-document\"";
  EXPECT_EQ(with("[" + type + ",\"AQID\",4]"), "");
  EXPECT_EQ(with("[" + type + ",\"AQID\"]"), "");
  EXPECT_EQ(with("[" + type + ",\"AQ==\"]"), "channel.cmw.layout");  // padding
  EXPECT_EQ(with("[" + type + ",\"AR\"]"), "channel.cmw.layout");    // unused bits
  EXPECT_EQ(with("[" + type + ",\"A\"]"), "channel.cmw.layout");
  EXPECT_EQ(with("[" + type + ",\"+/+/\"]"), "channel.cmw.layout");
  EXPECT_EQ(with("[" + type + ",\"AQID\",5]"), "channel.cmw.type");
  EXPECT_EQ(with("[" + type + ",\"AQID\",-4]"), "json.number");
  EXPECT_EQ(with("[" + type + ",1]"), "json.type");
  EXPECT_EQ(with("[30001,\"AQID\"]"), "json.type");
  EXPECT_EQ(with("[\"application/x\",\"AQID\"]"), "channel.cmw.type");
  EXPECT_EQ(with("[" + type + "]"), "channel.cmw.layout");
  EXPECT_EQ(with("{}"), "channel.cmw.layout");
  EXPECT_EQ(with("[" + type + ",\"AQID\",4],\"evidence\":[]"), "json.duplicate-key");
  EXPECT_EQ(with("[" + type + ",\"AQID\",4],\"more\":[]"), "channel.cmw.layout");
  EXPECT_EQ(json_error("[\"x\",\"\"]"), "channel.cmw.layout");
  EXPECT_EQ(json_error(""), "json.syntax");
}

TEST(Cmw, FlippedBitsFailOrAreSeen) {
  const Bytes wire = encode_cmw({Tee::kNitro, kValue}, kValue);
  const auto seen = [](const CarriedEvidence& c) {
    return std::string(name_of(c.evidence.tee)) + to_hex(c.evidence.quote) + "|" + to_hex(c.claims);
  };
  const std::string original = seen(decode_cmw(wire).value());
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes changed = wire;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const auto read = decode_cmw(changed);
    if (read.has_value()) {
      EXPECT_NE(seen(*read), original) << bit;
    }
  }
  for (size_t length = 0; length < wire.size(); ++length)
    EXPECT_EQ(cmw_error(BytesView(wire).first(length)), "channel.cmw.choice") << length;
}

}  // namespace
}  // namespace blindai
