#include "lib/base/der_reader.h"

#include <gtest/gtest.h>

#include "lib/base/der_writer.h"

namespace blindai {
namespace {

bool reads(const Bytes& der) {
  DerReader r(der);
  DerTag tag{};
  BytesView content;
  return r.next(tag, content) && r.done();
}

TEST(DerReader, ReadsWhatTheWriterWrites) {
  const Bytes der = der_sequence(
      {der_integer(300), der_oid("2.5.4.3"), der_utf8("name"), der_octet_string(Bytes(300, 7))});
  DerReader outer(der);
  BytesView content;
  ASSERT_TRUE(outer.take(DerTag::kSequence, content) && outer.done());
  DerReader r(content);
  BytesView value;
  EXPECT_FALSE(r.take(DerTag::kOid, value));
  EXPECT_EQ(r.at(), 0u);
  ASSERT_TRUE(r.take(DerTag::kInteger, value));
  EXPECT_EQ(to_hex(value), "012c");
  EXPECT_TRUE(r.sees(DerTag::kOid));
  ASSERT_TRUE(r.take(DerTag::kOid, value));
  EXPECT_EQ(to_hex(value), "550403");
  const size_t from = r.at();
  ASSERT_TRUE(r.take(DerTag::kUtf8String, value));
  EXPECT_EQ(to_hex(r.since(from)), "0c046e616d65");
  ASSERT_TRUE(r.take(DerTag::kOctetString, value));
  EXPECT_EQ(value.size(), 300u);
  EXPECT_TRUE(r.done());
  EXPECT_FALSE(r.sees(DerTag::kOctetString));
}

TEST(DerReader, LengthsHaveOneForm) {
  EXPECT_TRUE(reads({0x04, 0x00}));
  EXPECT_FALSE(reads({0x04, 0x80}));              // indefinite
  EXPECT_FALSE(reads({0x04, 0x81, 0x01, 0x00}));  // fits one byte
  Bytes long_form = {0x04, 0x81, 0x80};
  long_form.resize(3 + 0x80);
  EXPECT_TRUE(reads(long_form));
  Bytes padded = {0x04, 0x82, 0x00, 0x80};
  padded.resize(4 + 0x80);
  EXPECT_FALSE(reads(padded));
  EXPECT_FALSE(reads({0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00}));  // five bytes of length
  EXPECT_FALSE(reads({0x04, 0x84, 0xff, 0xff, 0xff, 0xff}));        // more than there is
  EXPECT_FALSE(reads({0x1f, 0x81, 0x01, 0x00}));                    // a tag of two bytes
}

TEST(DerReader, TruncationsAreRefusedAndChangeNothing) {
  const Bytes der = der_octet_string(Bytes(200, 1));
  for (size_t n = 0; n < der.size(); ++n) {
    DerReader r(BytesView(der).first(n));
    DerTag tag = DerTag::kSet;
    BytesView content;
    EXPECT_FALSE(r.next(tag, content)) << n;
    EXPECT_EQ(r.at(), 0u);
    EXPECT_EQ(tag, DerTag::kSet);
    EXPECT_TRUE(content.empty());
  }
}

TEST(DerReader, IntegersAreInTheirShortestForm) {
  for (const char* good : {"00", "7f", "80", "0080", "ff7f", "0100"})
    EXPECT_TRUE(is_der_integer(*from_hex(good))) << good;
  for (const char* bad : {"", "0000", "007f", "ff80", "ffff"})
    EXPECT_FALSE(is_der_integer(*from_hex(bad))) << bad;
}

TEST(DerReader, UnsignedIntegersFillTheirField) {
  ByteArray<2> out{};
  const auto read = [&](const char* hex) {
    return der_unsigned_to<2>(*from_hex(hex), std::span<uint8_t, 2>(out)) ? to_hex(out) : "refused";
  };
  EXPECT_EQ(read("00"), "0000");
  EXPECT_EQ(read("05"), "0005");
  EXPECT_EQ(read("00ffff"), "ffff");
  EXPECT_EQ(read("010000"), "refused");
  EXPECT_EQ(read("80"), "refused");    // negative
  EXPECT_EQ(read("0001"), "refused");  // not the shortest form
}

TEST(DerReader, ObjectIdentifiersAreWhole) {
  for (const char* good : {"550403", "2a864886f84d010d01", "00"})
    EXPECT_TRUE(is_der_oid(*from_hex(good))) << good;
  for (const char* bad : {"", "2a86", "2a8001"}) EXPECT_FALSE(is_der_oid(*from_hex(bad))) << bad;
}

}  // namespace
}  // namespace blindai
