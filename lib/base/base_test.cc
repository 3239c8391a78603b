#include <gtest/gtest.h>

#include "lib/base/byte_reader.h"
#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace blindai {
namespace {

TEST(ByteReader, ReadsEveryWidthInBothOrders) {
  const Bytes wire = {1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8};
  ByteReader little(wire);
  uint16_t a = 0;
  uint32_t b = 0;
  uint64_t c = 0;
  ASSERT_TRUE(little.u16le(a) && little.u32le(b) && little.u64le(c) && little.done());
  EXPECT_EQ(a, 0x0201);
  EXPECT_EQ(b, 0x04030201u);
  EXPECT_EQ(c, 0x0807060504030201u);
  ByteReader big(wire);
  ASSERT_TRUE(big.u16be(a) && big.u32be(b) && big.u64be(c) && big.done());
  EXPECT_EQ(a, 0x0102);
  EXPECT_EQ(b, 0x01020304u);
  EXPECT_EQ(c, 0x0102030405060708u);
}

TEST(ByteReader, FailedReadLeavesPositionAndOutput) {
  const Bytes wire = {1, 2, 3};
  ByteReader r(wire);
  uint32_t value = 7;
  EXPECT_FALSE(r.u32le(value));
  EXPECT_EQ(value, 7u);
  EXPECT_EQ(r.at(), 0u);
  BytesView rest;
  EXPECT_FALSE(r.bytes(rest, UINT64_MAX));
  EXPECT_TRUE(r.bytes(rest, 3));
  EXPECT_TRUE(r.done());
}

TEST(ByteReader, ZerosRefusesAnyOtherByte) {
  const Bytes wire = {0, 0, 9, 0};
  ByteReader r(wire);
  EXPECT_TRUE(r.zeros(2));
  EXPECT_FALSE(r.zeros(2));
  EXPECT_EQ(r.at(), 2u);
  EXPECT_FALSE(r.zeros(3));
}

TEST(ByteReader, WritersMirrorReaders) {
  Bytes out;
  put_u16le(out, 0x0102);
  put_u32be(out, 0x03040506);
  put_u64le(out, 0x0708090a0b0c0d0e);
  EXPECT_EQ(to_hex(out), "0201030405060e0d0c0b0a090807");
}

TEST(Hex, RoundTripsAndRefusesTheRest) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(from_hex("00ABff").value(), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_EQ(from_hex("0").error().name(), "hex.digits");
  EXPECT_EQ(from_hex("0g").error().name(), "hex.digits");
  EXPECT_EQ(array_from_hex<2>("00").error().name(), "hex.length");
}

TEST(Base64, MatchesRfc4648Section10) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : cases) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(as_text(from_base64(coded).value()), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* bad : {"Z", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm9v\n", "Z g="})
    EXPECT_EQ(from_base64(bad).error().name(), "base64.text") << bad;
}

TEST(Base64Url, MatchesRfc7515AppendixC) {
  const Bytes raw = {3, 236, 255, 224, 193};
  EXPECT_EQ(to_base64url(raw), "A-z_4ME");
  EXPECT_EQ(from_base64url("A-z_4ME").value(), raw);
  EXPECT_EQ(to_base64url({}), "");
  EXPECT_EQ(from_base64url("").value(), Bytes{});
}

TEST(Base64Url, RefusesWhatIsNotCanonical) {
  for (const char* bad : {"A", "A+z_4ME", "A-z/4ME", "Zg==", "Zh", "Zm9", "A-z_4", "Zg\n", " Zg"})
    EXPECT_EQ(from_base64url(bad).error().name(), "base64url.text") << bad;
}

TEST(Utf8, AcceptsWhatRfc3629DoesAndNoMore) {
  EXPECT_TRUE(is_utf8(as_bytes("plain, \xc3\xa9, \xe2\x82\xac, \xf0\x9f\x98\x80")));
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xe2\x82", "\xff"})
    EXPECT_FALSE(is_utf8(as_bytes(bad)));
}

TEST(Secret, MoveWipesTheSource) {
  ByteArray<32> raw;
  raw.fill(7);
  SecretKey key(std::move(raw));
  EXPECT_EQ(raw[0], 0);  // NOLINT: looking at the moved-from value is the point
  SecretKey other(std::move(key));
  EXPECT_EQ(key.reveal(KeyAccess())[31], 0);  // NOLINT
  EXPECT_EQ(other.reveal(KeyAccess())[31], 7);
}

TEST(Secret, ComparisonSeesEveryByte) {
  const Bytes a = {1, 2, 3};
  EXPECT_TRUE(equal_secret(a, Bytes{1, 2, 3}));
  EXPECT_FALSE(equal_secret(a, Bytes{1, 2, 4}));
  EXPECT_FALSE(equal_secret(a, Bytes{1, 2}));
}

TEST(Error, DescribesItselfWithAdviceIdAndOffset) {
  const Error plain{Code::kMalformed, "area.reason", 12};
  EXPECT_EQ(plain.describe(), "malformed [area.reason at byte 12]");
  const Error advised{Code::kDenied, {"area.reason", "Do this instead."}, 0};
  EXPECT_EQ(advised.describe(), "Do this instead. [area.reason]");
}

}  // namespace
}  // namespace blindai
