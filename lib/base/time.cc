#include "lib/base/time.h"

#include <algorithm>
#include <limits>

namespace blindai {
namespace {

constexpr int64_t kDaySeconds = 86400;

// Two or four decimal digits at `at`; -1 when there is anything else.
int digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_leap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Days from 1970-01-01 to the given day of the proleptic Gregorian calendar, counting years from
// March so that the leap day is the last of its year.
int64_t days_from_civil(int64_t year, int month, int day) {
  if (month <= 2) --year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

bool make_time(int year, int month, int day, int hour, int minute, int second, Time& out) {
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return false;
  out.seconds =
      days_from_civil(year, month, day) * kDaySeconds + hour * 3600 + minute * 60 + second;
  return true;
}

int64_t year_of_day(int64_t days) {
  int64_t year =
      1970 + days / 366;  // at or before the right year for days >= 0, after it otherwise
  while (days_from_civil(year, 1, 1) > days) --year;
  while (days_from_civil(year + 1, 1, 1) <= days) ++year;
  return year;
}

// In a pattern 'd' is a digit and 'a' a letter; anything else is itself.
bool fits(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern, [](char c, char p) {
    if (p == 'd') return c >= '0' && c <= '9';
    if (p == 'a') return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return c == p;
  });
}

// From 1; 0 when there is no such month.
int month_of(std::string_view name) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t at = kMonths.find(name);
  return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

// Whether the day of `t` has that name, or that short name.
bool is_weekday(Time t, std::string_view name, bool is_short) {
  constexpr std::string_view kDays[] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                        "Monday",   "Tuesday", "Wednesday"};  // from 1970-01-01 on
  int64_t days = t.seconds / kDaySeconds - (t.seconds % kDaySeconds < 0 ? 1 : 0);
  days = (days % 7 + 7) % 7;
  return name == kDays[days].substr(0, is_short ? 3 : std::string_view::npos);
}

// `width` decimal digits that end before `end`.
void put(char* end, int64_t value, size_t width) {
  for (; width > 0; --width, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

}  // namespace

Time operator+(Time t, int64_t seconds) {
  int64_t sum = 0;
  if (__builtin_add_overflow(t.seconds, seconds, &sum))
    sum = seconds > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  return Time{sum};
}

Result<Time> parse_rfc3339(std::string_view text) {
  Time out;
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text[19] != 'Z' ||
      !make_time(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2), digits(text, 11, 2),
                 digits(text, 14, 2), digits(text, 17, 2), out))
    return fail(Code::kMalformed, "time.rfc3339");
  return out;
}

std::string to_rfc3339(Time t) {
  constexpr int64_t kFirst = -62167219200;  // 0000-01-01T00:00:00Z
  constexpr int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z
  const int64_t seconds = t.seconds < kFirst ? kFirst : t.seconds > kLast ? kLast : t.seconds;
  int64_t days = seconds / kDaySeconds;
  int64_t rest = seconds % kDaySeconds;
  if (rest < 0) {
    rest += kDaySeconds;
    --days;
  }
  const int64_t year = year_of_day(days);
  int64_t left = days - days_from_civil(year, 1, 1);
  int month = 1;
  while (left >= days_in_month(year, month)) {
    left -= days_in_month(year, month);
    ++month;
  }
  std::string out = "yyyy-mm-ddThh:mm:ssZ";
  put(&out[4], year, 4);
  put(&out[7], month, 2);
  put(&out[10], left + 1, 2);
  put(&out[13], rest / 3600, 2);
  put(&out[16], rest / 60 % 60, 2);
  put(&out[19], rest % 60, 2);
  return out;
}

Result<Time> parse_asn1_time(std::string_view text) {
  const bool utc = text.size() == 13;
  if ((!utc && text.size() != 15) || text.back() != 'Z') return fail(Code::kMalformed, "time.asn1");
  const size_t year_len = utc ? 2 : 4;
  int year = digits(text, 0, year_len);
  if (utc && year >= 0) year += year >= 50 ? 1900 : 2000;
  Time out;
  if (!make_time(year, digits(text, year_len, 2), digits(text, year_len + 2, 2),
                 digits(text, year_len + 4, 2), digits(text, year_len + 6, 2),
                 digits(text, year_len + 8, 2), out))
    return fail(Code::kMalformed, "time.asn1");
  return out;
}

Result<Time> parse_http_date(std::string_view text, Time now) {
  const auto malformed = [] { return fail(Code::kMalformed, "time.http"); };
  const size_t comma = text.find(',');
  std::string_view weekday = text.substr(0, 3);
  size_t day = 5;
  size_t month = 8;
  size_t clock = 17;
  int year = 0;
  bool is_short = true;
  if (fits(text, "aaa, dd aaa dddd dd:dd:dd GMT")) {
    year = digits(text, 12, 4);
  } else if (comma != std::string_view::npos &&
             fits(text.substr(comma), ", dd-aaa-dd dd:dd:dd GMT")) {
    weekday = text.substr(0, comma);
    is_short = false;
    day = comma + 2;
    month = comma + 5;
    clock = comma + 12;
    // to_rfc3339 keeps within four digits.
    const int latest = digits(to_rfc3339(now), 0, 4) + 50;
    const int short_year = digits(text, comma + 9, 2);
    year = latest - (latest - short_year) % 100;
  } else if (fits(text, "aaa aaa dd dd:dd:dd dddd") || fits(text, "aaa aaa  d dd:dd:dd dddd")) {
    day = 8;
    month = 4;
    clock = 11;
    year = digits(text, 20, 4);
  } else {
    return malformed();
  }
  const int day_of_month = text[day] == ' ' ? digits(text, day + 1, 1) : digits(text, day, 2);
  Time out;
  if (!make_time(year, month_of(text.substr(month, 3)), day_of_month, digits(text, clock, 2),
                 digits(text, clock + 3, 2), digits(text, clock + 6, 2), out) ||
      !is_weekday(out, weekday, is_short))
    return malformed();
  return out;
}

}  // namespace blindai
