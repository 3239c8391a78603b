#include "lib/oip/route.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/model_id.h"
#include "lib/oip/metadata.h"

namespace blindai {
namespace {

constexpr size_t kMostTarget = 1024;
constexpr size_t kMostVersion = 19;  // digits

using Parts = std::span<const std::string>;

struct Served {
  std::string_view method;
  RouteKind kind;
};

// A path that is served, and by which methods.
struct Match {
  std::vector<Served> methods;
  std::string model_id;
};

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

Outcome<std::string> decode_part(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out += raw[i];
      continue;
    }
    const auto high = i + 2 < raw.size() ? hex_digit(raw[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(raw[i + 2]) : std::nullopt;
    if (!low || (*high == 0 && *low == 0))
      return problem(Code::kMalformed, "route.escape",
                     "The path has a '%' that is not followed by two hexadecimal digits, or an "
                     "escaped zero byte.");
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

// An escaped slash can hide ".." between two others.
bool climbs(std::string_view part) {
  while (true) {
    const size_t slash = part.find('/');
    const std::string_view piece = part.substr(0, slash);
    if (piece == "." || piece == "..") return true;
    if (slash == std::string_view::npos) return false;
    part.remove_prefix(slash + 1);
  }
}

Outcome<std::vector<std::string>> split_target(std::string_view target) {
  if (target.size() > kMostTarget || !target.starts_with('/') || target.contains('#') ||
      std::ranges::any_of(target, [](char c) { return c <= ' ' || c >= 0x7f; }))
    return problem(Code::kMalformed, "route.target",
                   "The request's target must be a path of at most 1024 printable characters, such "
                   "as /v2/models/resnet18.");
  if (target.contains('?'))
    return problem(Code::kMalformed, "route.query",
                   "No path of this server takes a query; leave out what follows '?'.");
  target.remove_prefix(1);
  std::vector<std::string> parts;
  while (true) {
    const size_t slash = target.find('/');
    const std::string_view raw = target.substr(0, slash);
    if (raw.empty())
      return problem(Code::kMalformed, "route.empty-part",
                     "The path is empty, ends in '/' or has two '/' in a row.");
    ASSIGN_OR_RETURN(std::string part, decode_part(raw));
    if (climbs(part))
      return problem(Code::kMalformed, "route.traversal",
                     "\".\" and \"..\" are not parts of a path here.");
    parts.push_back(std::move(part));
    if (slash == std::string_view::npos) return parts;
    target.remove_prefix(slash + 1);
  }
}

std::unexpected<Problem> unknown() {
  return problem(Code::kNotFound, "route.unknown",
                 "This server has nothing at that path; see GET /v2 and GET /v1/models.");
}

Outcome<std::string> model_id_of(Parts parts) {
  std::string id;
  for (const std::string& part : parts) {
    if (!id.empty()) id += '/';
    id += part;
  }
  RETURN_IF_ERROR(check_model_id(id));
  return id;
}

Outcome<void> check_version(std::string_view version) {
  if (version.empty() || version.size() > kMostVersion ||
      !std::ranges::all_of(version, [](char c) { return c >= '0' && c <= '9'; }))
    return problem(Code::kInvalid, "route.version", "A model's version is a number, such as 1.");
  if (version != kModelVersion)
    return problem(Code::kNotFound, "route.version-unknown",
                   "Models here have the version 1 only; pin the model with blindai-model-hash.");
  return {};
}

// What follows /v2/models.
Outcome<Match> match_model(Parts parts) {
  if (parts.size() == 1 && parts[0] == "stats")
    return Match{{{"GET", RouteKind::kAllStatistics}}, {}};
  const auto word = std::ranges::find_if(
      parts, [](const std::string& part) { return is_reserved_model_word(part); });
  const size_t id_parts = static_cast<size_t>(word - parts.begin());
  ASSIGN_OR_RETURN(std::string id, model_id_of(parts.first(id_parts)));
  Parts rest = parts.subspan(id_parts);
  if (!rest.empty() && rest[0] == "versions") {
    if (rest.size() == 1) return unknown();
    RETURN_IF_ERROR(check_version(rest[1]));
    rest = rest.subspan(2);
  }
  if (rest.empty()) return Match{{{"GET", RouteKind::kModelMetadata}}, std::move(id)};
  if (rest.size() != 1) return unknown();
  if (rest[0] == "infer") return Match{{{"POST", RouteKind::kInfer}}, std::move(id)};
  if (rest[0] == "ready") return Match{{{"GET", RouteKind::kModelReady}}, std::move(id)};
  if (rest[0] == "config") return Match{{{"GET", RouteKind::kModelConfig}}, std::move(id)};
  if (rest[0] == "stats") return Match{{{"GET", RouteKind::kModelStatistics}}, std::move(id)};
  return unknown();
}

Outcome<Match> match_v2(Parts parts) {
  if (parts.empty()) return Match{{{"GET", RouteKind::kServerMetadata}}, {}};
  if (parts.size() == 2 && parts[0] == "health") {
    if (parts[1] == "live") return Match{{{"GET", RouteKind::kServerLive}}, {}};
    if (parts[1] == "ready") return Match{{{"GET", RouteKind::kServerReady}}, {}};
  }
  if (parts.size() >= 2 && parts[0] == "models") return match_model(parts.subspan(1));
  if (parts.size() == 2 && parts[0] == "repository" && parts[1] == "index")
    return Match{{{"POST", RouteKind::kRepositoryIndex}}, {}};
  if (parts[0] == "repository")
    return problem(Code::kNotFound, "route.not-offered",
                   "Models are loaded when they are first called and unloaded when memory is "
                   "needed; upload one with PUT /v1/models/{id}.");
  if (parts[0] == "systemsharedmemory" || parts[0] == "cudasharedmemory" || parts[0] == "trace" ||
      parts[0] == "logging")
    return problem(Code::kNotFound, "route.not-offered",
                   "Shared memory, tracing and log settings are not offered.");
  return unknown();
}

Outcome<Match> match_v1(Parts parts) {
  if (parts.size() == 1 && parts[0] == "attestation")
    return Match{{{"GET", RouteKind::kAttestation}, {"POST", RouteKind::kFreshAttestation}}, {}};
  if (parts.empty() || parts[0] != "models") return unknown();
  if (parts.size() == 1) return Match{{{"GET", RouteKind::kListModels}}, {}};
  ASSIGN_OR_RETURN(std::string id, model_id_of(parts.subspan(1)));
  return Match{{{"PUT", RouteKind::kUploadModel},
                {"GET", RouteKind::kDescribeModel},
                {"DELETE", RouteKind::kDeleteModel}},
               std::move(id)};
}

Outcome<Match> match(std::string_view target) {
  // Both spellings of the server's own path are in use.
  if (target == "/v2/") target.remove_suffix(1);
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, split_target(target));
  if (parts[0] == "v2") return match_v2(Parts(parts).subspan(1));
  if (parts[0] == "v1") return match_v1(Parts(parts).subspan(1));
  return unknown();
}

std::string list_methods(const Match& found) {
  std::string out;
  for (const Served& served : found.methods) {
    if (!out.empty()) out += ", ";
    out += served.method;
  }
  return out;
}

}  // namespace

Outcome<Route> parse_route(std::string_view method, std::string_view target) {
  ASSIGN_OR_RETURN(Match found, match(target));
  for (const Served& served : found.methods)
    if (served.method == method) return Route{served.kind, std::move(found.model_id)};
  return problem(Code::kInvalid, "route.method",
                 "This path is served by " + list_methods(found) + ".");
}

std::string allowed_methods(std::string_view target) {
  const auto found = match(target);
  return found ? list_methods(*found) : std::string();
}

}  // namespace blindai
