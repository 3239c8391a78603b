#include "lib/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace blindai {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::kMalformed:
      return "malformed";
    case Code::kInvalid:
      return "invalid";
    case Code::kUntrusted:
      return "untrusted";
    case Code::kStale:
      return "stale";
    case Code::kAnonymous:
      return "anonymous";
    case Code::kDenied:
      return "denied";
    case Code::kNotFound:
      return "not found";
    case Code::kConflict:
      return "conflict";
    case Code::kTooLarge:
      return "too large";
    case Code::kRefused:
      return "refused";
    case Code::kExhausted:
      return "exhausted";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDeadline:
      return "deadline";
    case Code::kNoSpace:
      return "no space";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::describe() const {
  std::string out;
  if (*id.advice != '\0') {
    out = id.advice;
  } else {
    out = name_of(code);
  }
  out += " [";
  out += id.text;
  if (at != 0) {
    out += " at byte ";
    out += std::to_string(at);
  }
  out += "]";
  return out;
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "blindai: invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace blindai
