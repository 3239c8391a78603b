#include "enclave/serve/handover_route.h"

#include <utility>

#include "enclave/serve/reply.h"
#include "lib/handover/claims.h"

namespace blindai {

std::shared_ptr<HttpExchange> hand_over(ServeContext& context, const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxHandoverRequest, [&context](Bytes body, const HttpReply& to) {
        const Result<ByteArray<32>> exporter = to.export_key(kHandoverExporterLabel);
        if (!exporter.has_value()) return to.send(problem_response(exporter.error()));
        auto answer = std::make_shared<Outcome<Bytes>>();
        context.background.run([&giver = context.handover, answer, body = std::move(body),
                                exporter = *exporter] { *answer = giver.answer(body, exporter); },
                               [answer, to] {
                                 if (!answer->has_value())
                                   return to.send(problem_response(answer->error()));
                                 HttpResponse out;
                                 out.fields = {{"content-type", "application/octet-stream"}};
                                 out.body = as_text(**answer);
                                 to.send(std::move(out));
                               });
      });
}

Outcome<void> still_serves(const ServeContext& context, const Route& route) {
  const bool always = route.endpoint == Endpoint::kServerLive ||
                      route.endpoint == Endpoint::kFreshEvidence ||
                      route.endpoint == Endpoint::kHandover;
  if (always || !context.handover.finished()) return {};
  return handed_over();
}

Outcome<void> still_runs(const ServeContext& context, const Route& route,
                         const ModelRecord& record) {
  const bool runs =
      route.endpoint == Endpoint::kInfer || route.endpoint == Endpoint::kRepositoryLoad;
  if (runs && context.handover.is_given(record.content_id)) return model_handed_over(record.id);
  return {};
}

}  // namespace blindai
