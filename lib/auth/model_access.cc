#include "lib/auth/model_access.h"

#include <algorithm>

#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr JsonLimits kAccessJsonLimits{.max_bytes = 16384, .max_depth = 3, .max_values = 256};

std::unexpected<Error> bad_callers() {
  return fail(Code::kMalformed,
              {"auth.callers",
               "Callers are different public keys, with commas between them and no spaces; leave "
               "the header out where there are none."});
}
std::unexpected<Error> bad_handover() {
  return fail(
      Code::kMalformed,
      {"auth.handover", "A handover names different measurements, each 64 hexadecimal digits."});
}

Status check_callers_count(size_t count) {
  if (count <= kMaxAccessCallers) return {};
  return fail(Code::kTooLarge,
              {"auth.callers-count", "A model has at most 64 callers beside its owner."});
}

template <typename T>
bool any_twice(std::vector<T> values) {
  std::ranges::sort(values);
  return std::ranges::adjacent_find(values) != values.end();
}

}  // namespace

std::string_view visibility_text(bool is_private) {
  return is_private ? "private" : "public";
}

Result<bool> parse_visibility(std::string_view text) {
  if (text == "private") return true;
  if (text == "public") return false;
  return fail(Code::kMalformed, {"auth.visibility", "A model's visibility is public or private."});
}

std::string callers_to_text(const std::vector<PublicKey>& callers) {
  std::string out;
  for (const PublicKey& key : callers) {
    if (!out.empty()) out += ',';
    out += to_text(key);
  }
  return out;
}

Result<std::vector<PublicKey>> parse_callers(std::string_view text) {
  std::vector<PublicKey> out;
  for (size_t at = 0; at <= text.size();) {
    RETURN_IF_ERROR(check_callers_count(out.size() + 1));
    const size_t end = std::min(text.find(',', at), text.size());
    if (end == at) return bad_callers();
    ASSIGN_OR_RETURN(const PublicKey key, parse_public_key(text.substr(at, end - at)));
    out.push_back(key);
    at = end + 1;
  }
  if (any_twice(out)) return bad_callers();
  return out;
}

Status check_access(const ModelAccess& access) {
  RETURN_IF_ERROR(check_callers_count(access.callers.size()));
  if (access.handover.size() > kMaxAccessHandovers)
    return fail(Code::kTooLarge,
                {"auth.handover-count", "A model is let go to at most 8 measurements."});
  if (!access.is_private && !access.callers.empty())
    return fail(Code::kInvalid,
                {"auth.access-public",
                 "Anybody may call a public model: make it private, or leave the callers out."});
  if (any_twice(access.callers)) return bad_callers();
  if (any_twice(access.handover)) return bad_handover();
  return {};
}

std::string to_json(const ModelAccess& access) {
  std::string out =
      "{\"visibility\":" + json_quote(visibility_text(access.is_private)) + ",\"callers\":[";
  for (const PublicKey& key : access.callers)
    out += (out.back() == '[' ? "" : ",") + json_quote(to_text(key));
  out += "],\"handover\":[";
  for (const ByteArray<32>& measurement : access.handover)
    out += (out.back() == '[' ? "" : ",") + json_quote(to_hex(measurement));
  return out + "]}";
}

Result<ModelAccess> parse_model_access(std::string_view json) {
  const auto document = JsonDocument::parse(json, kAccessJsonLimits);
  if (!document.has_value()) return fail(Code::kMalformed, document.error().id);
  const JsonValue root = document->root();
  const JsonValue callers = root["callers"];
  const JsonValue handover = root["handover"];
  const auto visibility = root["visibility"].plain_string();
  if (root.size() != 3 || !visibility.has_value() || !callers.is_array() || !handover.is_array())
    return fail(Code::kMalformed,
                {"auth.access-layout",
                 "Access rules have visibility, callers and handover, and nothing else."});
  ModelAccess out;
  ASSIGN_OR_RETURN(out.is_private, parse_visibility(*visibility));
  for (JsonValue v = callers.first(); v.exists(); v = v.next_in(callers)) {
    const auto text = v.plain_string();
    if (!text.has_value()) return bad_callers();
    ASSIGN_OR_RETURN(const PublicKey key, parse_public_key(*text));
    out.callers.push_back(key);
  }
  for (JsonValue v = handover.first(); v.exists(); v = v.next_in(handover)) {
    const auto measurement = array_from_hex<32>(v.plain_string().value_or(""));
    if (!measurement.has_value()) return bad_handover();
    out.handover.push_back(*measurement);
  }
  RETURN_IF_ERROR(check_access(out));
  return out;
}

}  // namespace blindai
