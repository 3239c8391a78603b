// What a request asks for: its method and target, read against the table of the HTTP interface
// (docs/http.md). Source: Open Inference Protocol v2 REST, with Triton's extensions; /v1 is ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace blindai {

enum class Endpoint : uint8_t {
  kServerMetadata,    // GET  /v2
  kServerLive,        // GET  /v2/health/live
  kServerReady,       // GET  /v2/health/ready
  kAllStatistics,     // GET  /v2/models/stats
  kModelMetadata,     // GET  /v2/models/{id}[/versions/{v}]
  kModelReady,        // GET  /v2/models/{id}[/versions/{v}]/ready
  kModelConfig,       // GET  /v2/models/{id}[/versions/{v}]/config
  kStatistics,        // GET  /v2/models/{id}[/versions/{v}]/stats
  kInfer,             // POST /v2/models/{id}[/versions/{v}]/infer
  kRepositoryIndex,   // POST /v2/repository/index
  kRepositoryLoad,    // POST /v2/repository/models/{id}/load
  kRepositoryUnload,  // POST /v2/repository/models/{id}/unload
  kUpload,            // PUT    /v1/models/{id}
  kModelInfo,         // GET    /v1/models/{id}
  kDelete,            // DELETE /v1/models/{id}
  kModelList,         // GET    /v1/models
  kAccess,            // GET    /v1/models/{id}/access
  kChangeAccess,      // PUT    /v1/models/{id}/access
  kKeys,              // GET    /v1/keys
  kEndorse,           // POST   /v1/keys
  kRetire,            // DELETE /v1/keys/{key}
  kEvidence,          // GET  /v1/attestation
  kFreshEvidence,     // POST /v1/attestation
  kHandover,          // POST /v1/handover
};

struct Route {
  Endpoint endpoint;
  std::string model_id;  // checked by check_model_id; empty where the endpoint has none
  std::string version;   // as sent, decimal digits; empty: the current one
  std::string key = {};  // as sent, of kRetire only
};

// target: as sent, with percent escapes; a query is allowed and ignored.
// Errors: kInvalid "http.target" (bad escapes, not UTF-8, too long), kInvalid "model-id.*",
// kInvalid "http.version"; kNotFound "http.route" (no such place), "http.method" (not with this
// method).
Outcome<Route> parse_route(std::string_view method, std::string_view target);

}  // namespace blindai
