#include "enclave/config/handover_config.h"

#include <sstream>

#include <toml++/toml.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

Outcome<Policy> read_policy(std::string_view name, const toml::node& node) {
  const std::string where = "The configuration's handover." + std::string(name);
  const toml::table* table = node.as_table();
  if (table == nullptr)
    return problem(Code::kInvalid, "config.type",
                   where + " must be a table; docs/configuration.md shows one.");
  std::ostringstream text;
  text << *table;
  Outcome<Policy> policy = policy_from_toml(text.str());
  if (!policy.has_value()) {
    policy.error().sentence = where + ": " + policy.error().sentence;
    return policy;
  }
  if (policy->allow_debug)
    return problem(Code::kInvalid, "config.value",
                   where + " must not allow debug programs, whose memory their operator can read.");
  return policy;
}

}  // namespace

Outcome<HandoverRules> parse_handover_rules(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return problem(Code::kMalformed, "config.syntax", "The table handover is not well-formed.");
  HandoverRules out;
  for (const auto& [key, node] : parsed.table()) {
    if (key.str() == "to") {
      ASSIGN_OR_RETURN(out.to, read_policy(key.str(), node));
    } else if (key.str() == "from") {
      ASSIGN_OR_RETURN(out.from, read_policy(key.str(), node));
    } else {
      return problem(Code::kInvalid, "config.unknown-field",
                     "The configuration's table handover has no field \"" + std::string(key.str()) +
                         "\"; it has \"to\" and \"from\".");
    }
  }
  if (out.to.has_value() && out.to->configurations.any)
    return problem(Code::kInvalid, "config.value",
                   "The configuration's handover.to.configurations must list hashes: a successor "
                   "with any configuration could hand the models over to anybody.");
  out.to_hash = sha256(as_bytes(out.to.has_value() ? policy_to_toml(*out.to) : std::string()));
  return out;
}

}  // namespace blindai
