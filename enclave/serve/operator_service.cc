#include "enclave/serve/operator_service.h"

#include "enclave/serve/reply.h"

namespace blindai {

std::shared_ptr<HttpExchange> OperatorService::serve(const HttpHead& head, HttpReply reply) {
  reply.send(answer(head));
  return nullptr;
}

HttpResponse OperatorService::refuse(const Error& error) {
  return problem_response(error);
}

HttpResponse OperatorService::answer(const HttpHead& head) const {
  const bool metrics = head.target == "/metrics";
  const bool live = head.target == "/health/live";
  if (!metrics && !live && head.target != "/health/ready")
    return problem_response(Problem(Code::kNotFound, "http.route",
                                    "Here are /metrics, /health/live and /health/ready; models "
                                    "are served on the other port, over TLS."));
  if (head.method != "GET")
    return problem_response(Problem(Code::kNotFound, "http.method", "This place takes GET only."));
  if (live) return json_response(200, "");
  const ServerState state = state_();
  if (metrics) {
    HttpResponse out;
    out.fields = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}};
    out.body = metrics_.text(state);
    return out;
  }
  if (state.ready) return json_response(200, "");
  return problem_response(Problem(Code::kUnavailable, "server.stopping",
                                  "The server is stopping; send requests to another one."));
}

HttpServerLimits operator_limits() {
  HttpServerLimits out;
  out.num_connections = 64;
  out.idle_time = std::chrono::seconds(120);
  return out;
}

}  // namespace blindai
