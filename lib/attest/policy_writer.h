// Values of a policy file as TOML writes them. Private to the policy writers.
#pragma once

#include <string>

#include "lib/attest/policy.h"
#include "lib/base/json.h"

namespace blindai {

std::string policy_list(const auto& values, const auto& text_of) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ", ";
    out += json_quote(text_of(value));  // a TOML basic string has JSON's escapes
  }
  return out + "]";
}

std::string policy_hex_list(const auto& values) {
  return policy_list(values, [](const auto& bytes) { return to_hex(bytes); });
}

template <size_t N>
std::string policy_masked(const Masked<N>& m) {
  return "{ value = \"" + to_hex(m.value) + "\", mask = \"" + to_hex(m.mask) + "\" }";
}

}  // namespace blindai
