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

// RFC 9110 section 5.6.7 has these three of one instant.
TEST(Time, ReadsHttpDatesInAllThreeForms) {
  constexpr Time kThen{784111777};
  constexpr Time kNow{1795000000};  // 2026
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_http_date(text, kNow).value(), kThen) << text;
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", kNow).value(), kThen + 10 * 86400);
  EXPECT_EQ(parse_http_date("Wed, 31 Dec 1969 23:59:59 GMT", kNow).value(), Time{-1});
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", kNow).value(), Time{1709164800});
}

TEST(Time, AYearOfTwoDigitsIsNotOverFiftyYearsAhead) {
  const auto year = [](const char* text, const char* now) {
    const auto t = parse_http_date(text, parse_rfc3339(now).value());
    return t.has_value() ? to_rfc3339(*t).substr(0, 4) : std::string(t.error().name());
  };
  EXPECT_EQ(year("Wednesday, 01-Jan-76 00:00:00 GMT", "2026-06-01T00:00:00Z"), "2076");
  EXPECT_EQ(year("Saturday, 01-Jan-77 00:00:00 GMT", "2026-06-01T00:00:00Z"), "1977");
  EXPECT_EQ(year("Thursday, 01-Jan-05 00:00:00 GMT", "2095-06-01T00:00:00Z"), "2105");
  EXPECT_EQ(year("Friday, 01-Jan-99 00:00:00 GMT", "2026-06-01T00:00:00Z"), "1999");
}

TEST(Time, RefusesOtherSpellingsOfHttpDates) {
  constexpr Time kNow{1795000000};
  const std::string good[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                              "Sun Nov  6 08:49:37 1994"};
  for (const std::string& text : good)
    for (size_t n = 0; n < text.size(); ++n)
      EXPECT_EQ(parse_http_date(text.substr(0, n), kNow).error().name(), "time.http") << n;
  for (const char* text :
       {"Mon, 06 Nov 1994 08:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994 GMT", "Sun Nov   6 08:49:37 1994", " Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37.0 GMT"})
    EXPECT_EQ(parse_http_date(text, kNow).error().name(), "time.http") << text;
}

// A flipped bit is refused or gives another instant; the year of two digits keeps its century.
TEST(Time, NoFlippedBitOfAnHttpDateGoesUnseen) {
  constexpr Time kNow{1795000000};
  for (std::string text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Wed Nov 16 08:49:37 1994"}) {
    const Time original = parse_http_date(text, kNow).value();
    for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
      const auto t = parse_http_date(text, kNow);
      EXPECT_FALSE(t.has_value() && *t == original) << text;
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    }
  }
}

TEST(Time, AddsWithoutOverflow) {
  EXPECT_EQ(Time{5} + 10, Time{15});
  EXPECT_EQ(Time{INT64_MAX} + 1, Time{INT64_MAX});
  EXPECT_EQ(Time{INT64_MIN} + -1, Time{INT64_MIN});
}

}  // namespace
}  // namespace blindai
