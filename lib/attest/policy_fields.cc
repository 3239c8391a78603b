#include "lib/attest/policy_fields.h"

#include <algorithm>

#include <toml++/toml.h>

#include "lib/base/bytes.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

using Kind = PolicyField::Kind;

// toml++ itself refuses deep nesting, so the recursion is bounded.
PolicyField from_toml(const toml::node& node) {
  PolicyField out;
  if (const auto* boolean = node.as_boolean()) {
    out.kind = Kind::kBoolean;
    out.boolean = boolean->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* string = node.as_string()) {
    out.kind = Kind::kString;
    out.string = string->get();
  } else if (const auto* array = node.as_array()) {
    out.kind = Kind::kList;
    for (const toml::node& entry : *array) out.children.push_back(from_toml(entry));
  } else if (const auto* table = node.as_table()) {
    out.kind = Kind::kTable;
    for (const auto& [key, value] : *table) {
      out.children.push_back(from_toml(value));
      out.children.back().name = key.str();
    }
  }
  return out;
}

PolicyField from_json(const JsonValue& value) {
  PolicyField out;
  switch (value.kind()) {
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      out.kind = Kind::kBoolean;
      out.boolean = value.kind() == JsonKind::kTrue;
      break;
    case JsonKind::kNumber:
      if (const auto integer = value.i64(); integer.has_value()) {
        out.kind = Kind::kInteger;
        out.integer = *integer;
      }
      break;
    case JsonKind::kString:
      out.kind = Kind::kString;
      out.string = *value.string();
      break;
    case JsonKind::kArray:
    case JsonKind::kObject:
      out.kind = value.is_array() ? Kind::kList : Kind::kTable;
      for (JsonValue v = value.first(); v.exists(); v = v.next_in(value)) {
        out.children.push_back(from_json(v));
        out.children.back().name = v.key();
      }
      break;
    case JsonKind::kNull:
      break;
  }
  return out;
}

constexpr Id kSyntax{"policy.syntax", "The policy is not a readable TOML or JSON file."};

}  // namespace

const PolicyField* PolicyField::find(std::string_view member) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [member](const PolicyField& f) { return f.name == member; });
  return found == children.end() ? nullptr : &*found;
}

Outcome<PolicyField> policy_fields_from_toml(std::string_view text) {
  if (text.size() > kMaxPolicyLen)
    return problem(Code::kTooLarge, kSyntax, "The policy is longer than 256 KiB.");
  // toml++ 3.3 has undefined behaviour for some characters beyond ASCII (its table of white space
  // ends in "unreachable" for U+00A1 and others), and no field of a policy needs one.
  if (!all_ascii(as_bytes(text)))
    return problem(Code::kMalformed, kSyntax,
                   "The policy has characters beyond ASCII. Write it in ASCII, comments too.");
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return problem(Code::kMalformed, kSyntax,
                   "The policy is not readable TOML: " + std::string(parsed.error().description()) +
                       " in line " + std::to_string(parsed.error().source().begin.line) + ".");
  return from_toml(parsed.table());
}

Outcome<PolicyField> policy_fields_from_json(std::string_view text) {
  const auto parsed = JsonDocument::parse(text, {.max_bytes = kMaxPolicyLen});
  if (!parsed.has_value() || !parsed->root().is_object())
    return problem(Code::kMalformed, kSyntax,
                   "The policy is not readable JSON: " +
                       (parsed.has_value() ? "the outermost value has to be an object"
                                           : parsed.error().describe()) +
                       ".");
  return from_json(parsed->root());
}

}  // namespace blindai
