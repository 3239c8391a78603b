// A policy file as fields, whatever notation it came in. Private to the policy readers.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace blindai {

struct PolicyField {
  enum class Kind : uint8_t { kBoolean, kInteger, kString, kList, kTable, kOther };

  Kind kind = Kind::kOther;
  std::string name;  // within its table; empty for entries of a list
  bool boolean = false;
  int64_t integer = 0;
  std::string string;
  std::vector<PolicyField> children;

  // The member of a table by that name; null when there is none.
  const PolicyField* find(std::string_view member) const;
};

constexpr size_t kMaxPolicyLen = 256 * 1024;

// The file's top table. Errors: policy.syntax, with the line for TOML and the byte for JSON.
Outcome<PolicyField> policy_fields_from_toml(std::string_view text);
Outcome<PolicyField> policy_fields_from_json(std::string_view text);

}  // namespace blindai
