#include "enclave/serve/metrics.h"

#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

namespace blindai {
namespace {

using std::chrono::milliseconds;

// The value of one series, by its name with labels as it is printed; -1 when it is not there.
double value_of(const std::string& text, const std::string& series) {
  const size_t at = ("\n" + text).find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size()));
}

std::set<std::string> series_of(const std::string& text) {
  std::set<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#')) out.insert(line.substr(0, line.rfind(' ')));
  return out;
}

TEST(Metrics, CountRequestsByKindAndAnswer) {
  Metrics metrics;
  const auto infer = static_cast<uint8_t>(RequestKind::kInfer);
  metrics.request({.kind = infer, .status = 200, .time = milliseconds(2)});
  metrics.request({.kind = infer, .status = 201, .time = milliseconds(20)});
  metrics.request({.kind = infer, .status = 429, .time = milliseconds(200)});
  metrics.request({.kind = infer, .status = 0, .time = milliseconds(1)});
  metrics.request({.kind = 0, .status = 507, .time = milliseconds(1)});
  const std::string text = metrics.text({});
  EXPECT_EQ(value_of(text, R"(blindai_requests_total{kind="infer",status="2xx"})"), 2);
  EXPECT_EQ(value_of(text, R"(blindai_requests_total{kind="infer",status="4xx"})"), 1);
  EXPECT_EQ(value_of(text, R"(blindai_requests_total{kind="infer",status="none"})"), 1);
  EXPECT_EQ(value_of(text, R"(blindai_requests_total{kind="other",status="5xx"})"), 1);
  EXPECT_EQ(value_of(text, R"(blindai_requests_total{kind="keys",status="2xx"})"), 0);
  EXPECT_EQ(value_of(text, R"(blindai_request_seconds_count{kind="infer"})"), 4);
  EXPECT_EQ(value_of(text, R"(blindai_request_seconds_bucket{kind="infer",le="0.0025"})"), 2);
  EXPECT_NEAR(value_of(text, R"(blindai_request_seconds_sum{kind="infer"})"), 0.223, 1e-9);
}

TEST(Metrics, CountTheRest) {
  Metrics metrics;
  metrics.prediction(milliseconds(30), milliseconds(3));
  metrics.upload(UploadEnd::kStored, 1000);
  metrics.upload(UploadEnd::kAbandoned, 24);
  metrics.refused_by(LimitKind::kConcurrentPredictions);
  metrics.vault_event(VaultEvent::Kind::kSetAside);
  metrics.vault_event(VaultEvent::Kind::kSetAside);
  metrics.vault_event(VaultEvent::Kind::kFailed);
  metrics.model_expired();
  const ServerState state{.ready = true,
                          .http = {.connections_accepted = 9,
                                   .connections_open = 3,
                                   .handshakes_failed = 2,
                                   .timeouts = 1},
                          .workers = {.workers = 4, .resident_bytes = 5000, .loads = 6},
                          .models = 7,
                          .model_bytes = 800,
                          .resident_bytes = 64,
                          .uptime = std::chrono::seconds(77)};
  const std::string text = metrics.text(state);
  const std::pair<const char*, double> expected[] = {
      {"blindai_prediction_run_seconds_count", 1},
      {"blindai_prediction_run_seconds_sum", 0.03},
      {"blindai_prediction_queue_seconds_sum", 0.003},
      {R"(blindai_uploads_total{end="stored"})", 1},
      {R"(blindai_uploads_total{end="abandoned"})", 1},
      {R"(blindai_uploads_total{end="refused"})", 0},
      {"blindai_upload_bytes_total", 1024},
      {R"(blindai_limit_refusals_total{limit="concurrent_predictions"})", 1},
      {R"(blindai_vault_events_total{kind="set aside"})", 2},
      {R"(blindai_vault_events_total{kind="held"})", 0},
      {R"(blindai_vault_events_total{kind="failed"})", 1},
      {"blindai_models_expired_total", 1},
      {"blindai_ready", 1},
      {"blindai_connections_total", 9},
      {"blindai_connections", 3},
      {"blindai_handshakes_failed_total", 2},
      {"blindai_timeouts_total", 1},
      {"blindai_models", 7},
      {"blindai_model_bytes", 800},
      {"blindai_workers", 4},
      {"blindai_worker_resident_bytes", 5000},
      {"blindai_worker_loads_total", 6},
      {"blindai_resident_bytes", 64},
      {"blindai_uptime_seconds", 77},
  };
  for (const auto& [series, value] : expected)
    EXPECT_NEAR(value_of(text, series), value, 1e-9) << series;
}

// Whatever happened, the same series: nothing a client sends can add one.
TEST(Metrics, HaveTheSameSeriesWhateverHappens) {
  Metrics metrics;
  const std::set<std::string> before = series_of(metrics.text({}));
  for (unsigned kind = 0; kind < 256; ++kind)
    for (const unsigned status : {0u, 100u, 200u, 304u, 404u, 599u, 999u})
      metrics.request({.kind = static_cast<uint8_t>(kind), .status = status, .time = {}});
  EXPECT_EQ(series_of(metrics.text({.ready = true, .models = 5})), before);
  // Labels are these words and no others.
  const std::regex label(R"re((kind|status|end|limit|le)="[a-z0-9._+A-Z ]*")re");
  for (const std::string& series : before) {
    const size_t brace = series.find('{');
    if (brace == std::string::npos) continue;
    std::string labels = series.substr(brace + 1, series.size() - brace - 2);
    labels = std::regex_replace(labels, label, "");
    EXPECT_EQ(labels.find_first_not_of(','), std::string::npos) << series;
  }
}

TEST(Metrics, EveryEndpointHasAKind) {
  EXPECT_EQ(kind_of(Endpoint::kServerLive), RequestKind::kHealth);
  EXPECT_EQ(kind_of(Endpoint::kInfer), RequestKind::kInfer);
  EXPECT_EQ(kind_of(Endpoint::kRetire), RequestKind::kKeys);
  EXPECT_EQ(kind_of(Endpoint::kChangeAccess), RequestKind::kAccess);
  for (int i = 0; i <= static_cast<int>(Endpoint::kFreshEvidence); ++i)
    EXPECT_NE(kind_of(static_cast<Endpoint>(i)), RequestKind::kOther) << i;
}

}  // namespace
}  // namespace blindai
