// The protocol's replies other than inference, as JSON text.
// Source: Open Inference Protocol v2 (REST); Triton's model configuration, statistics and model
// repository extensions. What we answer and what we leave out: docs/formats/oip.md. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lib/oip/tensor.h"

namespace blindai {

// What models are, in the protocol's words.
inline constexpr std::string_view kPlatform = "onnxruntime_onnx";
inline constexpr std::string_view kBackend = "onnxruntime";
// Models have one version: another upload under the same name is another model (another hash).
inline constexpr std::string_view kModelVersion = "1";

// GET /v2: name, version and the extensions that are served.
std::string server_metadata_json(std::string_view version);
// GET /v2/health/live {"live":true} and /v2/health/ready {"ready":true}.
std::string server_live_json(bool live);
std::string server_ready_json(bool ready);
// GET /v2/models/{id}/ready: {"name":..,"ready":..}
std::string model_ready_json(std::string_view id, bool ready);
// GET /v2/models/{id}
std::string model_metadata_json(std::string_view id, const ModelSignature& signature);
// GET /v2/models/{id}/config: Triton's ModelConfig in JSON, the fields that describe our models.
// max_batch_size is 0: dims are whole shapes, the batch among them.
std::string model_config_json(std::string_view id, const ModelSignature& signature);

// Calls and the nanoseconds they took together.
struct CountedTime {
  uint64_t count = 0;
  uint64_t ns = 0;
};

struct ModelStatistics {
  std::string_view name;
  uint64_t last_inference_ms = 0;  // since the epoch; 0 before the first
  uint64_t inference_count = 0;    // successful ones; each counts 1, whatever its batch
  uint64_t execution_count = 0;    // runs of the model
  CountedTime success;             // whole requests
  CountedTime fail;
  CountedTime queue;
  CountedTime compute_input;
  CountedTime compute_infer;
  CountedTime compute_output;
};
// GET /v2/models/{id}/stats and /v2/models/stats.
std::string statistics_json(std::span<const ModelStatistics> models);

struct RepositoryEntry {
  std::string_view name;
  std::string_view state;   // "READY", "LOADING" or "UNAVAILABLE"
  std::string_view reason;  // why it is unavailable; left out when empty
};
// POST /v2/repository/index.
std::string repository_index_json(std::span<const RepositoryEntry> entries);
// Its body: {"ready": true} asks for those that are ready only. An empty body is {}.
// Errors: kMalformed "oip.index-body".
Outcome<bool> parse_repository_index_request(BytesView body);

// {"error": sentence, "code": "area.reason"}
std::string error_body(const Problem& problem);

// The table in lib/base/result.h, as HTTP statuses (RFC 9110). kUntrusted, which servers do not
// send, is 500.
unsigned http_status(Code code);
// The same for a problem: "route.method" is 405.
unsigned http_status(const Problem& problem);
// Back, for clients: the code that fits a status; kInternal for those that fit none.
Code code_of_status(unsigned status);

}  // namespace blindai
