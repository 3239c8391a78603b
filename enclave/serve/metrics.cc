#include "enclave/serve/metrics.h"

#include <algorithm>
#include <array>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>

namespace blindai {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

constexpr std::array<const char*, kNumRequestKinds> kKindNames = {
    "other",      "health", "attestation", "infer",  "model",
    "repository", "upload", "delete",      "access", "keys"};
constexpr std::array<const char*, kNumUploadEnds> kUploadNames = {"stored", "unchanged", "refused",
                                                                  "abandoned"};
constexpr std::array<const char*, kNumLimitKinds> kLimitNames = {"models_per_account",
                                                                 "bytes_per_model",
                                                                 "bytes_per_account",
                                                                 "total_bytes",
                                                                 "max_models",
                                                                 "predictions_per_minute",
                                                                 "anonymous_predictions_per_minute",
                                                                 "concurrent_predictions",
                                                                 "bytes_in_flight",
                                                                 "refused_models"};
// "none": the client left.
constexpr std::array<const char*, 5> kStatusNames = {"none", "2xx", "3xx", "4xx", "5xx"};
constexpr std::array<VaultEvent::Kind, 5> kVaultKinds = {
    VaultEvent::Kind::kSetAside, VaultEvent::Kind::kHeld, VaultEvent::Kind::kLeftoverRemoved,
    VaultEvent::Kind::kDamaged, VaultEvent::Kind::kFailed};

const Histogram::BucketBoundaries& bounds() {
  static const Histogram::BucketBoundaries kSeconds = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};
  return kSeconds;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

size_t status_index(unsigned status) {
  return status < 200 ? 0 : std::min<size_t>(status / 100 - 1, kStatusNames.size() - 1);
}

void add(std::vector<prometheus::MetricFamily>& out, prometheus::MetricType type, const char* name,
         const char* help, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  out.push_back(std::move(family));
}

}  // namespace

RequestKind kind_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kServerLive:
    case Endpoint::kServerReady:
      return RequestKind::kHealth;
    case Endpoint::kEvidence:
    case Endpoint::kFreshEvidence:
      return RequestKind::kAttestation;
    case Endpoint::kInfer:
      return RequestKind::kInfer;
    case Endpoint::kServerMetadata:
    case Endpoint::kAllStatistics:
    case Endpoint::kModelMetadata:
    case Endpoint::kModelReady:
    case Endpoint::kModelConfig:
    case Endpoint::kStatistics:
    case Endpoint::kRepositoryIndex:
    case Endpoint::kModelInfo:
    case Endpoint::kModelList:
      return RequestKind::kModel;
    case Endpoint::kRepositoryLoad:
    case Endpoint::kRepositoryUnload:
      return RequestKind::kRepository;
    case Endpoint::kUpload:
      return RequestKind::kUpload;
    case Endpoint::kDelete:
      return RequestKind::kDelete;
    case Endpoint::kAccess:
    case Endpoint::kChangeAccess:
      return RequestKind::kAccess;
    case Endpoint::kKeys:
    case Endpoint::kEndorse:
    case Endpoint::kRetire:
      return RequestKind::kKeys;
    case Endpoint::kHandover:
      break;
  }
  return RequestKind::kOther;
}

std::string_view name_of(LimitKind kind) {
  return kLimitNames[static_cast<size_t>(kind)];
}

struct Metrics::Series {
  prometheus::Registry registry;
  std::array<std::array<Counter*, kStatusNames.size()>, kNumRequestKinds> requests{};
  std::array<Histogram*, kNumRequestKinds> request_time{};
  Histogram* run_time = nullptr;
  Histogram* queue_time = nullptr;
  std::array<Counter*, kNumUploadEnds> uploads{};
  Counter* upload_bytes = nullptr;
  std::array<Counter*, kNumLimitKinds> limits{};
  std::array<Counter*, kVaultKinds.size()> vault{};
  Counter* expired = nullptr;

  Family<Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& times(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
};

Metrics::Metrics() : series_(std::make_unique<Series>()) {
  Series& s = *series_;
  auto& requests = s.counters("blindai_requests_total", "Requests, by kind and class of answer.");
  auto& request_time = s.times("blindai_request_seconds",
                               "From the end of a request's head to its answer, by kind.");
  for (size_t kind = 0; kind < kNumRequestKinds; ++kind) {
    for (size_t status = 0; status < kStatusNames.size(); ++status)
      s.requests[kind][status] =
          &requests.Add({{"kind", kKindNames[kind]}, {"status", kStatusNames[status]}});
    s.request_time[kind] = &request_time.Add({{"kind", kKindNames[kind]}}, bounds());
  }
  s.run_time = &s.times("blindai_prediction_run_seconds", "Inside the model, of predictions.")
                    .Add({}, bounds());
  s.queue_time = &s.times("blindai_prediction_queue_seconds",
                          "Waiting for a model or its turn, of predictions.")
                      .Add({}, bounds());
  auto& uploads = s.counters("blindai_uploads_total", "Uploads that ended, by how.");
  for (size_t i = 0; i < kNumUploadEnds; ++i)
    s.uploads[i] = &uploads.Add({{"end", kUploadNames[i]}});
  s.upload_bytes =
      &s.counters("blindai_upload_bytes_total", "Bytes of models that were received.").Add({});
  auto& limits = s.counters("blindai_limit_refusals_total", "Requests that a limit refused.");
  for (size_t i = 0; i < kNumLimitKinds; ++i)
    s.limits[i] = &limits.Add({{"limit", kLimitNames[i]}});
  auto& vault = s.counters("blindai_vault_events_total", "Events of the store of models.");
  for (size_t i = 0; i < kVaultKinds.size(); ++i)
    s.vault[i] = &vault.Add({{"kind", std::string(name_of(kVaultKinds[i]))}});
  s.expired = &s.counters("blindai_models_expired_total",
                          "Models that were removed because nobody had used them.")
                   .Add({});
}

Metrics::~Metrics() = default;

void Metrics::request(const HttpEnded& request) {
  const size_t kind = std::min<size_t>(request.kind, kNumRequestKinds - 1);
  series_->requests[kind][status_index(request.status)]->Increment();
  series_->request_time[kind]->Observe(seconds(request.time));
}

void Metrics::prediction(std::chrono::nanoseconds run, std::chrono::nanoseconds queued) {
  series_->run_time->Observe(seconds(run));
  series_->queue_time->Observe(seconds(queued));
}

void Metrics::upload(UploadEnd end, uint64_t bytes) {
  series_->uploads[static_cast<size_t>(end)]->Increment();
  series_->upload_bytes->Increment(static_cast<double>(bytes));
}

void Metrics::refused_by(LimitKind limit) {
  series_->limits[static_cast<size_t>(limit)]->Increment();
}

void Metrics::vault_event(VaultEvent::Kind kind) {
  const auto found = std::ranges::find(kVaultKinds, kind);
  BLINDAI_CHECK(found != kVaultKinds.end());
  series_->vault[static_cast<size_t>(found - kVaultKinds.begin())]->Increment();
}

void Metrics::model_expired() {
  series_->expired->Increment();
}

std::string Metrics::text(const ServerState& state) const {
  using enum prometheus::MetricType;
  std::vector<prometheus::MetricFamily> all = series_->registry.Collect();
  const auto count = [&](const char* name, const char* help, uint64_t value) {
    add(all, Counter, name, help, static_cast<double>(value));
  };
  const auto gauge = [&](const char* name, const char* help, uint64_t value) {
    add(all, Gauge, name, help, static_cast<double>(value));
  };
  gauge("blindai_ready", "1 while requests are taken.", state.ready ? 1 : 0);
  count("blindai_connections_total", "Connections that were accepted.",
        state.http.connections_accepted);
  gauge("blindai_connections", "Connections that are open.", state.http.connections_open);
  count("blindai_handshakes_failed_total", "TLS handshakes that failed.",
        state.http.handshakes_failed);
  count("blindai_timeouts_total", "Connections that were closed for being too slow.",
        state.http.timeouts);
  count("blindai_idle_closed_total", "Idle connections that were closed to make room.",
        state.http.idle_closed);
  gauge("blindai_held_bytes", "Memory that requests on their way hold.", state.held_bytes);
  gauge("blindai_models", "Models in the store.", state.models);
  gauge("blindai_model_bytes", "Bytes of those models.", state.model_bytes);
  gauge("blindai_workers", "Models that are loaded or loading.", state.workers.workers);
  gauge("blindai_worker_resident_bytes", "Resident memory of the workers.",
        state.workers.resident_bytes);
  count("blindai_worker_loads_total", "Models that were loaded.", state.workers.loads);
  count("blindai_worker_evictions_total", "Workers that were stopped to make room.",
        state.workers.evictions);
  count("blindai_worker_crashes_total", "Workers that ended after they had loaded.",
        state.workers.crashes);
  count("blindai_worker_no_room_total", "Models that could not be loaded beside those at work.",
        state.workers.no_room);
  count("blindai_worker_memory_ends_total", "Workers that were ended for the memory they took.",
        state.workers.memory_ends);
  gauge("blindai_resident_bytes", "Resident memory of the server without its workers.",
        state.resident_bytes);
  gauge("blindai_uptime_seconds", "Since the server's start.",
        static_cast<uint64_t>(state.uptime.count()));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return std::move(out).str();
}

}  // namespace blindai
