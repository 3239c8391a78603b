// What the operator may know of a server at work: counts and durations, and nothing else.
//
// The host is hostile and reads all of this. So no label is made at run time: every series exists
// from the start, for a kind of request and never for a model, a key, an account or a connection
// (docs/configuration.md lists them). prometheus-cpp keeps and prints them and stays out of this
// header.
//
// Threads: text() and the counting calls may be made from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "enclave/infer/worker_pool.h"
#include "enclave/vault/vault.h"
#include "lib/oip/route.h"
#include "net/http_server.h"

namespace blindai {

// What kind of request it was; HttpReply::set_kind() takes one. 0 is what never became a request.
enum class RequestKind : uint8_t {
  kOther,
  kHealth,
  kAttestation,
  kInfer,
  kModel,       // lists, descriptions, statistics
  kRepository,  // load and unload
  kUpload,
  kDelete,
  kAccess,
  kKeys,
};
inline constexpr size_t kNumRequestKinds = 10;
RequestKind kind_of(Endpoint endpoint);

enum class UploadEnd : uint8_t { kStored, kUnchanged, kRefused, kAbandoned };
inline constexpr size_t kNumUploadEnds = 4;

// The limits of docs/configuration.md that a request can meet.
enum class LimitKind : uint8_t {
  kModelsPerAccount,
  kBytesPerModel,
  kBytesPerAccount,
  kTotalBytes,
  kMaxModels,
  kPredictionsPerMinute,
  kAnonymousPredictionsPerMinute,
  kConcurrentPredictions,
  kBytesInFlight,
  kRefusedModels,
};
inline constexpr size_t kNumLimitKinds = 10;
// As in the configuration: "models_per_account".
std::string_view name_of(LimitKind kind);

// What is counted elsewhere, as it is when somebody asks.
struct ServerState {
  bool ready = false;
  HttpServerCounters http = {};
  WorkerPool::Counts workers = {};
  uint64_t models = 0;
  uint64_t model_bytes = 0;  // of the ONNX files
  uint64_t held_bytes = 0;   // by requests on their way
  uint64_t resident_bytes = 0;
  std::chrono::seconds uptime{0};
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void request(const HttpEnded& request);
  // A prediction that ran: inside the model, and waiting before it.
  void prediction(std::chrono::nanoseconds run, std::chrono::nanoseconds queued);
  void upload(UploadEnd end, uint64_t bytes);
  void refused_by(LimitKind limit);
  void vault_event(VaultEvent::Kind kind);
  void model_expired();

  // In Prometheus' text format, version 0.0.4.
  std::string text(const ServerState& state) const;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace blindai
