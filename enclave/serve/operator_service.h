// What the operator's own listener answers: over plain HTTP, to whoever reaches it.
//
//   GET /metrics        counts and durations, Prometheus' text format (metrics.h)
//   GET /health/live    200 while the process answers
//   GET /health/ready   200 while requests are taken, else 503
//
// Nothing else is here and nothing can be changed through it. Threads: the reactor's.
#pragma once

#include <functional>

#include "enclave/serve/metrics.h"

namespace blindai {

class OperatorService final : public HttpService {
 public:
  // `metrics` outlives it; `state` is asked at each request.
  OperatorService(const Metrics& metrics, std::function<ServerState()> state)
      : metrics_(metrics), state_(std::move(state)) {}

  std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) override;
  HttpResponse refuse(const Error& error) override;

 private:
  HttpResponse answer(const HttpHead& head) const;

  const Metrics& metrics_;
  const std::function<ServerState()> state_;
};

// For a listener that a scraper and a health check use, and nobody else.
HttpServerLimits operator_limits();

}  // namespace blindai
