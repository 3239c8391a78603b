#include "lib/auth/owner_keys.h"

#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr JsonLimits kKeysJsonLimits{.max_bytes = 16384, .max_depth = 4, .max_values = 256};

std::unexpected<Error> bad_keys() {
  return fail(Code::kMalformed,
              {"auth.keys-layout",
               "A list of an owner's keys has owner and keys, each of those key and state."});
}

Result<JsonDocument> keys_json(std::string_view text) {
  Result<JsonDocument> out = JsonDocument::parse(text, kKeysJsonLimits);
  if (!out.has_value()) return fail(Code::kMalformed, out.error().id);
  return out;
}

Result<PublicKey> key_of(const JsonValue& value) {
  ASSIGN_OR_RETURN(const std::string_view text, value.plain_string());
  return parse_public_key(text);
}

Result<OwnerKey> owner_key(const JsonValue& object) {
  if (object.size() != 2 || !object["key"].is_string()) return bad_keys();
  OwnerKey out;
  ASSIGN_OR_RETURN(out.key, key_of(object["key"]));
  for (const KeyState state : {KeyState::kActive, KeyState::kRetired}) {
    out.state = state;
    if (object["state"].plain_string() == name_of(state)) return out;
  }
  return bad_keys();
}

}  // namespace

std::string_view name_of(KeyState state) {
  return state == KeyState::kActive ? "active" : "retired";
}

std::string to_json(const OwnerKeys& keys) {
  std::string out = "{\"owner\":" + json_quote(to_text(keys.owner)) + ",\"keys\":[";
  for (const OwnerKey& key : keys.keys)
    out += (out.back() == '[' ? "{\"key\":" : ",{\"key\":") + json_quote(to_text(key.key)) +
           ",\"state\":" + json_quote(name_of(key.state)) + "}";
  return out + "]}";
}

Result<OwnerKeys> parse_owner_keys(std::string_view json) {
  ASSIGN_OR_RETURN(const JsonDocument document, keys_json(json));
  const JsonValue root = document.root();
  const JsonValue list = root["keys"];
  if (root.size() != 2 || !root["owner"].is_string() || !list.is_array() ||
      list.size() > kMaxOwnerKeys)
    return bad_keys();
  OwnerKeys out;
  ASSIGN_OR_RETURN(out.owner, key_of(root["owner"]));
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list)) {
    ASSIGN_OR_RETURN(const OwnerKey key, owner_key(v));
    out.keys.push_back(key);
  }
  return out;
}

std::string endorsement_to_json(const Endorsement& endorsement) {
  return "{\"key\":" + json_quote(to_text(endorsement.key)) +
         ",\"consent\":" + json_quote(consent_to_text(endorsement)) + "}";
}

Result<Endorsement> parse_endorsement(std::string_view json, const PublicKey& owner) {
  ASSIGN_OR_RETURN(const JsonDocument document, keys_json(json));
  const JsonValue root = document.root();
  const auto consent = root["consent"].plain_string();
  if (root.size() != 2 || !root["key"].is_string() || !consent.has_value())
    return fail(Code::kMalformed,
                {"auth.endorsement-layout",
                 "An endorsement has key and consent, as \"blindai keys consent\" prints them."});
  Endorsement out{.owner = owner, .key = {}, .consent = {}};
  ASSIGN_OR_RETURN(out.key, key_of(root["key"]));
  ASSIGN_OR_RETURN(out.consent, parse_consent(*consent));
  return out;
}

}  // namespace blindai
