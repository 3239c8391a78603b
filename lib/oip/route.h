// From a request's method and target to what it asks for: every route of the server.
//
// The target is split at '/', each part percent-decoded once (RFC 3986 section 2.1), and matched
// as a whole. A model id is one or two parts (lib/base/model_id.h); none of its parts can be one of
// the words that follow an id, so every target has one reading. A '/' inside an id may be escaped.
// Routes take no query. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace blindai {

enum class RouteKind {
  kServerMetadata,    // GET  /v2
  kServerLive,        // GET  /v2/health/live
  kServerReady,       // GET  /v2/health/ready
  kModelMetadata,     // GET  /v2/models/{id}[/versions/{v}]
  kModelReady,        // GET  /v2/models/{id}[/versions/{v}]/ready
  kModelConfig,       // GET  /v2/models/{id}[/versions/{v}]/config
  kModelStatistics,   // GET  /v2/models/{id}[/versions/{v}]/stats
  kAllStatistics,     // GET  /v2/models/stats
  kInfer,             // POST /v2/models/{id}[/versions/{v}]/infer
  kRepositoryIndex,   // POST /v2/repository/index
  kListModels,        // GET    /v1/models
  kUploadModel,       // PUT    /v1/models/{id}
  kDescribeModel,     // GET    /v1/models/{id}
  kDeleteModel,       // DELETE /v1/models/{id}
  kAttestation,       // GET  /v1/attestation
  kFreshAttestation,  // POST /v1/attestation
};

struct Route {
  RouteKind kind;
  std::string model_id;  // one that check_model_id accepts; empty where the route has none
};

// Errors: kMalformed "route.target" (not an absolute path, or over 1024 bytes), "route.escape" (a
// bad percent escape, or %00), "route.traversal" ("." or ".." as a part, also escaped),
// "route.empty-part", "route.query"; kInvalid "model-id.*", "route.version" (not a
// decimal number); kInvalid "route.method" (the path is served, by other methods, which the
// sentence names; answered with 405); kNotFound "route.unknown", "route.version-unknown" (a version
// other than 1), "route.not-offered" (Triton's shared memory, tracing, logging and model control).
Outcome<Route> parse_route(std::string_view method, std::string_view target);

// The methods for the Allow field of a "route.method" refusal, such as "GET, POST"; empty when the
// path is not served at all.
std::string allowed_methods(std::string_view target);

}  // namespace blindai
