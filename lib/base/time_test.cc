#include "lib/base/time.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(Time, ReadsRfc3339) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z").value(), Time{0});
  EXPECT_EQ(parse_rfc3339("2025-07-01T00:00:00Z").value(), Time{1751328000});
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59Z").value(), Time{1709251199});
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z").value(), Time{-1});
}

TEST(Time, RefusesOtherSpellings) {
  for (const char* text :
       {"", "2025-07-01", "2025-07-01T00:00:00", "2025-07-01t00:00:00Z", "2025-07-01T00:00:00z",
        "2025-07-01 00:00:00Z", "2025-07-01T00:00:00.0Z", "2025-07-01T00:00:00+00:00",
        "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z",
        "2025-07-01T24:00:00Z", "2025-07-01T00:60:00Z", "2025-07-01T00:00:60Z",
        "-025-07-01T00:00:00Z", "2025-07-0 T00:00:00Z"}) {
    const auto t = parse_rfc3339(text);
    ASSERT_FALSE(t.has_value()) << text;
    EXPECT_EQ(t.error().name(), "time.rfc3339");
  }
}

TEST(Time, WritesWhatItReads) {
  for (int64_t s = -62167219200; s < 253402300799; s += 86400 * 37 + 12345)
    ASSERT_EQ(parse_rfc3339(to_rfc3339(Time{s})).value(), Time{s});
  EXPECT_EQ(to_rfc3339(Time{INT64_MAX}), "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339(Time{INT64_MIN}), "0000-01-01T00:00:00Z");
}

TEST(Time, ReadsAsn1Times) {
  EXPECT_EQ(parse_asn1_time("250619105611Z").value(),
            parse_rfc3339("2025-06-19T10:56:11Z").value());
  EXPECT_EQ(parse_asn1_time("500101000000Z").value(),
            parse_rfc3339("1950-01-01T00:00:00Z").value());
  EXPECT_EQ(parse_asn1_time("20491231235959Z").value(),
            parse_rfc3339("2049-12-31T23:59:59Z").value());
  for (const char* text : {"", "2506191056Z", "250619105611+0000", "250619105611",
                           "20250619105611.5Z", "251319105611Z", "25061910561aZ"}) {
    const auto t = parse_asn1_time(text);
    ASSERT_FALSE(t.has_value()) << text;
    EXPECT_EQ(t.error().name(), "time.asn1");
  }
}

TEST(Time, AddsWithoutOverflow) {
  EXPECT_EQ(Time{5} + 10, Time{15});
  EXPECT_EQ(Time{INT64_MAX} + 1, Time{INT64_MAX});
  EXPECT_EQ(Time{INT64_MIN} + -1, Time{INT64_MIN});
}

}  // namespace
}  // namespace blindai
