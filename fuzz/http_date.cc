// Property: what is accepted is the one spelling of its instant in its form, as the C library
// writes it; only a year of two digits depends on the time now. Input: 8 bytes, the time now, then
// text.
#include <cstdlib>
#include <ctime>
#include <string>

#include "lib/base/byte_reader.h"
#include "lib/base/time.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string written(const std::tm& parts, const char* form) {
  char out[64];
  return std::string(out, std::strftime(out, sizeof out, form, &parts));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  blindai::ByteReader r(blindai::BytesView(data, size));
  uint64_t number = 0;
  blindai::BytesView rest;
  if (!r.u64le(number) || !r.bytes(rest, r.remaining())) return 0;
  const blindai::Time now{static_cast<int64_t>(number)};
  const std::string_view text = blindai::as_text(rest);
  const auto t = blindai::parse_http_date(text, now);
  if (!t.has_value()) {
    require(t.error().name() == "time.http");
    return 0;
  }
  const std::time_t seconds = t->seconds;
  std::tm parts{};
  require(gmtime_r(&seconds, &parts) != nullptr);
  if (parts.tm_year + 1900 < 1000) return 0;  // strftime writes such years without their zeros
  if (text[3] == ',') {
    require(written(parts, "%a, %d %b %Y %H:%M:%S GMT") == text);
  } else if (text.find(',') == std::string_view::npos) {
    require(written(parts, "%a %b %e %H:%M:%S %Y") == text ||
            written(parts, "%a %b %d %H:%M:%S %Y") == text);
  } else {
    require(written(parts, "%A, %d-%b-%y %H:%M:%S GMT") == text);
    return 0;
  }
  require(blindai::parse_http_date(text, blindai::Time{0}).value() == *t);
  return 0;
}
