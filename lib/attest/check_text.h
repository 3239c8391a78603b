// Short texts for a check's `expected` and `found`. Private to lib/attest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blindai {

inline constexpr std::string_view kUnrestricted = "any (the policy does not say)";

inline std::string text(std::string_view s) {
  return std::string(s);
}
inline std::string number(uint64_t n) {
  return std::to_string(n);
}
inline std::string yes_no(bool yes, std::string_view good, std::string_view bad) {
  return std::string(yes ? good : bad);
}

}  // namespace blindai
