#include "lib/oip/route.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

constexpr size_t kMaxTarget = 1024;
constexpr size_t kMaxVersionLen = 9;

// What follows a model id, or stands alone, and the method it takes.
struct Place {
  std::string_view method;
  std::string_view path;
  Endpoint endpoint;
};
constexpr Place kPlaces[] = {
    {"GET", "/v2", Endpoint::kServerMetadata},
    {"GET", "/v2/health/live", Endpoint::kServerLive},
    {"GET", "/v2/health/ready", Endpoint::kServerReady},
    {"GET", "/v2/models/stats", Endpoint::kAllStatistics},
    {"POST", "/v2/repository/index", Endpoint::kRepositoryIndex},
    {"GET", "/v1/models", Endpoint::kModelList},
    {"GET", "/v1/attestation", Endpoint::kEvidence},
    {"POST", "/v1/attestation", Endpoint::kFreshEvidence},
    {"POST", "/v1/handover", Endpoint::kHandover},
    {"GET", "/v1/keys", Endpoint::kKeys},
    {"POST", "/v1/keys", Endpoint::kEndorse},
};
constexpr Place kOipModelPlaces[] = {
    {"GET", "", Endpoint::kModelMetadata},      {"GET", "/ready", Endpoint::kModelReady},
    {"GET", "/config", Endpoint::kModelConfig}, {"GET", "/stats", Endpoint::kStatistics},
    {"POST", "/infer", Endpoint::kInfer},
};
constexpr Place kRepositoryPlaces[] = {
    {"POST", "/load", Endpoint::kRepositoryLoad},
    {"POST", "/unload", Endpoint::kRepositoryUnload},
};
constexpr Place kModelPlaces[] = {
    {"PUT", "", Endpoint::kUpload},
    {"GET", "", Endpoint::kModelInfo},
    {"DELETE", "", Endpoint::kDelete},
    {"GET", "/access", Endpoint::kAccess},
    {"PUT", "/access", Endpoint::kChangeAccess},
};
constexpr std::string_view kKeyPrefix = "/v1/keys/";

std::unexpected<Problem> bad_target() {
  return problem(Code::kInvalid, "http.target",
                 "The path of this request is not well-formed: use UTF-8, escape other bytes as "
                 "%XX, and stay under 1024 bytes.");
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const Result<Bytes> byte = from_hex(text.substr(i + 1, 2));
    if (!byte.has_value() || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  const bool has_control =
      std::any_of(out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; });
  if (has_control || !is_utf8(as_bytes(out))) return std::nullopt;
  return out;
}

// Sets `other_method` when the path is right and the method is not.
const Place* find(std::span<const Place> places, std::string_view method, std::string_view path,
                  bool& other_method) {
  for (const Place& place : places) {
    if (place.path != path) continue;
    if (place.method == method) return &place;
    other_method = true;
  }
  return nullptr;
}

// The places below `prefix` that have a model's id between the two: the id is all that comes before
// the longest ending that is a place.
struct Below {
  std::string_view prefix;
  std::span<const Place> places;
  bool has_versions;
};
constexpr Below kBelow[] = {
    {"/v2/models/", kOipModelPlaces, true},
    {"/v2/repository/models/", kRepositoryPlaces, false},
    {"/v1/models/", kModelPlaces, false},
};

Outcome<Route> route_below(const Below& below, std::string_view method, std::string_view rest,
                           bool& other_method) {
  std::string_view path;
  const size_t slash = rest.rfind('/');
  if (slash != std::string_view::npos)
    for (const Place& place : below.places)
      if (!place.path.empty() && rest.substr(slash) == place.path) path = rest.substr(slash);
  std::string_view id = rest.substr(0, rest.size() - path.size());
  std::string_view version;
  constexpr std::string_view kVersions = "/versions/";
  if (const size_t at = id.rfind(kVersions); below.has_versions && at != std::string_view::npos) {
    version = id.substr(at + kVersions.size());
    id = id.substr(0, at);
    if (version.empty() || version.size() > kMaxVersionLen ||
        !std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return problem(Code::kInvalid, "http.version",
                     "A model's version is a number of at most nine digits, as in "
                     "/versions/1.");
  }
  const Place* place = find(below.places, method, path, other_method);
  if (place == nullptr) return problem(Code::kNotFound, "http.route", "");
  RETURN_IF_ERROR(check_model_id(id));
  return Route{place->endpoint, std::string(id), std::string(version), ""};
}

}  // namespace

Outcome<Route> parse_route(std::string_view method, std::string_view target) {
  if (target.size() > kMaxTarget) return bad_target();
  const std::optional<std::string> path = unescape(target.substr(0, target.find('?')));
  if (!path.has_value()) return bad_target();
  bool other_method = false;
  if (const Place* place = find(kPlaces, method, *path, other_method); place != nullptr)
    return Route{place->endpoint, "", "", ""};
  if (path->starts_with(kKeyPrefix) && path->size() > kKeyPrefix.size()) {
    if (method == "DELETE")
      return Route{Endpoint::kRetire, "", "", path->substr(kKeyPrefix.size())};
    other_method = true;
  }
  for (const Below& below : kBelow) {
    if (other_method || !path->starts_with(below.prefix)) continue;
    Outcome<Route> route = route_below(
        below, method, std::string_view(*path).substr(below.prefix.size()), other_method);
    if (route.has_value() || route.error().name() != "http.route") return route;
  }
  if (other_method)
    return problem(Code::kNotFound, "http.method",
                   "This place does not take that method; docs/http.md lists what it takes.");
  return problem(Code::kNotFound, "http.route",
                 "There is nothing at this path; the Open Inference Protocol is at /v2, uploads "
                 "are at /v1/models/{id}.");
}

}  // namespace blindai
