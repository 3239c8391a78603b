// Points in time, and the spellings that signed documents and HTTP fields give them in. Pure:
// nothing here asks a clock; a program asks one and passes the answer on.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace blindai {

// Seconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX time).
struct Time {
  int64_t seconds = 0;

  auto operator<=>(const Time&) const = default;
};

// Saturating, so that "now plus the policy's age" cannot overflow.
Time operator+(Time t, int64_t seconds);

// "2025-06-19T10:56:11Z" (RFC 3339 section 5.6, UTC only, no fraction: what Intel's documents and
// ours use). Errors: kMalformed "time.rfc3339".
Result<Time> parse_rfc3339(std::string_view text);
// The same spelling. Times outside the years 0000 to 9999 are shown as the nearest one inside.
std::string to_rfc3339(Time t);

// The text of an ASN.1 UTCTime ("250619105611Z") or GeneralizedTime ("20500101000000Z"), in the
// forms RFC 5280 section 4.1.2.5 allows: seconds given, "Z", no fraction; a two-digit year of 50 or
// more is 19xx. Errors: kMalformed "time.asn1".
Result<Time> parse_asn1_time(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7, HTTP-date), or one of the two obsolete
// forms that a reader has to take too: "Sunday, 06-Nov-94 08:49:37 GMT", whose year is the latest
// one that is not over 50 years after `now`, and "Sun Nov  6 08:49:37 1994". The weekday has to be
// the date's. Errors: kMalformed "time.http".
Result<Time> parse_http_date(std::string_view text, Time now);

}  // namespace blindai
