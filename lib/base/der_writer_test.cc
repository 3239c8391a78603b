#include "lib/base/der_writer.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(DerWriter, WritesLengthsInTheirShortestForm) {
  EXPECT_EQ(to_hex(der(0x04, {})), "0400");
  EXPECT_EQ(to_hex(der(0x04, Bytes(127, 0))).substr(0, 4), "047f");
  EXPECT_EQ(to_hex(der(0x04, Bytes(128, 0))).substr(0, 6), "048180");
  EXPECT_EQ(to_hex(der(0x04, Bytes(300, 0))).substr(0, 8), "0482012c");
}

TEST(DerWriter, WritesIntegersAsNonNegative) {
  EXPECT_EQ(to_hex(der_integer(0)), "020100");
  EXPECT_EQ(to_hex(der_integer(127)), "02017f");
  EXPECT_EQ(to_hex(der_integer(128)), "02020080");
  EXPECT_EQ(to_hex(der_integer(65537)), "0203010001");
  EXPECT_EQ(to_hex(der_integer(UINT64_MAX)), "020900ffffffffffffffff");
  EXPECT_EQ(to_hex(der_unsigned(Bytes{0, 0, 0x80})), "02020080");
  EXPECT_EQ(to_hex(der_unsigned(Bytes{0, 0})), "020100");
  EXPECT_EQ(to_hex(der_unsigned({})), "020100");
}

TEST(DerWriter, WritesObjectIdentifiers) {
  EXPECT_EQ(to_hex(der_oid("1.2.840.113741.1.13.1")), "06092a864886f84d010d01");
  EXPECT_EQ(to_hex(der_oid("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
  EXPECT_EQ(to_hex(der_oid("2.5.29.19")), "0603551d13");
  EXPECT_EQ(to_hex(der_oid("2.23.133.5.4.9")),
            "06066781"
            "05050409");
  EXPECT_EQ(to_hex(der_oid("2.999")), "06028837");
}

TEST(DerWriter, WritesTheTimesOfCertificates) {
  const auto text = [](int64_t seconds) {
    const Bytes value = der_time(Time{seconds});
    return std::string(as_text(BytesView(value).subspan(2)));
  };
  EXPECT_EQ(text(0), "700101000000Z");
  EXPECT_EQ(text(1750330571), "250619105611Z");
  EXPECT_EQ(text(-631152000), "500101000000Z");
  EXPECT_EQ(text(-631152001), "19491231235959Z");
  EXPECT_EQ(text(2524607999), "491231235959Z");
  EXPECT_EQ(text(2524608000), "20500101000000Z");
  EXPECT_EQ(text(951782400), "000229000000Z");
  EXPECT_EQ(der_time(Time{0})[0], 0x17);
  EXPECT_EQ(der_time(Time{2524608000})[0], 0x18);
}

TEST(DerWriter, WritesTheRest) {
  EXPECT_EQ(to_hex(der_boolean(true)), "0101ff");
  EXPECT_EQ(to_hex(der_null()), "0500");
  EXPECT_EQ(to_hex(der_enumerated(1)), "0a0101");
  EXPECT_EQ(to_hex(der_bit_string(Bytes{0x06}, 1)), "03020106");
  EXPECT_EQ(to_hex(der_sequence({der_utf8("a"), der_printable("US")})), "30070c016113025553");
  EXPECT_EQ(to_hex(der_set_of_one(der_null())), "31020500");
  EXPECT_EQ(to_hex(der_context(3, der_null())), "a3020500");
  EXPECT_EQ(to_hex(der_context_primitive(0, Bytes{1})), "800101");
}

TEST(DerWriter, WrapsPemLines) {
  const std::string pem = to_pem("X", Bytes(49, 0));
  EXPECT_EQ(pem, "-----BEGIN X-----\n" + std::string(64, 'A') + "\nAA==\n-----END X-----\n");
}

}  // namespace
}  // namespace blindai
