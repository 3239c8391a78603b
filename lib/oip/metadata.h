// The protocol's answers that are about models rather than tensors, as JSON text.
// Source: Open Inference Protocol v2 REST; Triton's model configuration, statistics and repository
// extensions (docs/formats/oip.md).   Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/oip/datatype.h"

namespace blindai {

// What a server tells of one model.
struct ModelDescription {
  std::string model_id;
  Sha256Digest model_hash;
  uint64_t size = 0;  // bytes of the ONNX file
  bool saved = true;  // false: in memory only
  // Of a saved one: what its owner can hold the server to later (lib/auth/stored_receipt.h).
  uint64_t epoch = 0;
  ByteArray<32> content_id{};
  ModelSignature signature;
};

// Counters of one model since the server started. Durations are sums in nanoseconds.
struct ModelStatistics {
  struct Sum {
    uint64_t count = 0;
    uint64_t ns = 0;
    void add(uint64_t more_ns) {
      ++count;
      ns += more_ns;
    }
  };
  uint64_t last_inference_ms = 0;  // since 1970-01-01T00:00:00Z; 0: never
  Sum success;                     // from the head of the request to its answer
  Sum fail;
  Sum queue;           // waiting for the model to be loaded
  Sum compute_input;   // receiving and placing tensors
  Sum compute_infer;   // the model's own run
  Sum compute_output;  // from the run's end to the answer
};

// GET /v2
std::string server_metadata_json(std::string_view version);
// GET /v2/models/{id}
std::string model_metadata_json(const ModelDescription& model);
// GET /v2/models/{id}/ready: {"name","ready"}
std::string model_ready_json(std::string_view model_id, bool ready);
// GET /v2/models/{id}/config, the fields Triton's clients read: max_batch_size is 0, so dims are
// the whole shapes.
std::string model_config_json(const ModelDescription& model);
// GET /v2/models[/{id}]/stats
std::string statistics_json(const std::vector<std::pair<std::string, ModelStatistics>>& models);
// POST /v2/repository/index
std::string repository_index_json(const std::vector<std::string>& model_ids);

// GET /v1/models/{id}, and the reply to an upload:
// {"model_id","model_hash","size","saved","inputs":[{"name","datatype","shape"}],"outputs":[…]},
// and "epoch" and "content_id" of a saved one
std::string model_description_json(const ModelDescription& model);
// GET /v1/models
std::string model_list_json(const std::vector<ModelDescription>& models);

// Reads what model_description_json and model_list_json write; for clients, so every field is
// checked. Errors: kMalformed "oip.description".
Result<ModelDescription> parse_model_description(BytesView json);
Result<std::vector<ModelDescription>> parse_model_list(BytesView json);

// {"error": sentence, "code": id}
std::string error_json(const Problem& problem);
unsigned http_status(Code code);
// Back, for clients: the code that fits a status; kInternal for those that fit none.
Code code_of_status(unsigned status);

}  // namespace blindai
