#include "enclave/serve/service.h"

#include <fmt/core.h>
#include <utility>

#include "enclave/serve/infer_exchange.h"
#include "enclave/serve/models.h"
#include "enclave/serve/reply.h"
#include "enclave/serve/upload_exchange.h"
#include "lib/channel/binding.h"
#include "lib/handover/claims.h"

namespace blindai {
namespace {

constexpr size_t kMaxSmallBody = 64 * 1024;
constexpr std::string_view kOnlyVersion = "1";

}  // namespace

std::shared_ptr<HttpExchange> BlindaiService::serve(const HttpHead& head, HttpReply reply) {
  const Outcome<Route> route = parse_route(head.method, head.target);
  if (route.has_value()) reply.set_kind(static_cast<uint8_t>(kind_of(route->endpoint)));
  Outcome<Exchange> exchange = route.has_value()
                                   ? handle(head, *route, reply)
                                   : Outcome<Exchange>(std::unexpected(route.error()));
  if (exchange.has_value()) return *exchange;
  reply.send(problem_response(exchange.error()));
  return nullptr;
}

HttpResponse BlindaiService::refuse(const Error& error) {
  return problem_response(error);
}

Outcome<BlindaiService::Exchange> BlindaiService::handle(const HttpHead& head, const Route& route,
                                                         const HttpReply& reply) {
  if (!route.version.empty() && route.version != kOnlyVersion)
    return problem(Code::kNotFound, "model.version",
                   "Models here have one version, 1; leave /versions/ out or ask for 1.");
  RETURN_IF_ERROR(still_serves(route));
  // First, so that who may not delete does not learn what there is to delete.
  if (route.endpoint == Endpoint::kDelete) RETURN_IF_ERROR(may_change_models());
  std::shared_ptr<const ModelRecord> record;
  if (!route.model_id.empty() && route.endpoint != Endpoint::kUpload) {
    record = context_.vault.find(route.model_id);
    if (record == nullptr) return unknown_model(route.model_id);
  }
  const bool runs =
      route.endpoint == Endpoint::kInfer || route.endpoint == Endpoint::kRepositoryLoad;
  if (runs && context_.handover.is_given(record->content_id)) return model_handed_over(record->id);
  switch (route.endpoint) {
    case Endpoint::kServerMetadata:
      return answer(reply, server_metadata_json(context_.version));
    case Endpoint::kServerLive:
      return answer(reply, "");
    case Endpoint::kServerReady:
      if (!ready_)
        return problem(Code::kUnavailable, "server.stopping",
                       "The server is stopping; call another one, or this one again later.");
      return answer(reply, "");
    case Endpoint::kAllStatistics:
      return answer(reply, all_statistics());
    case Endpoint::kModelMetadata:
      return answer(reply, model_metadata_json(describe(*record)));
    case Endpoint::kModelReady:
      return answer(reply, model_ready_json(record->id, true));
    case Endpoint::kModelConfig:
      return answer(reply, model_config_json(describe(*record)));
    case Endpoint::kStatistics: {
      const auto found = statistics_.find(record->id);
      return answer(reply,
                    statistics_json({{record->id, found == statistics_.end() ? ModelStatistics()
                                                                             : *found->second}}));
    }
    case Endpoint::kInfer:
      return infer(head, record, reply);
    case Endpoint::kRepositoryIndex:
      return answer(reply, index());
    case Endpoint::kRepositoryLoad:
      return load(record, reply);
    case Endpoint::kRepositoryUnload:
      context_.workers.forget(record->content_id);
      return answer(reply, "{}");
    case Endpoint::kUpload:
      return upload(head, route, reply);
    case Endpoint::kModelInfo:
      return answer(reply, model_description_json(describe(*record)));
    case Endpoint::kDelete:
      return remove(record, reply);
    case Endpoint::kModelList:
      return answer(reply, list());
    case Endpoint::kEvidence:
      return evidence(reply);
    case Endpoint::kFreshEvidence:
      return fresh_evidence(reply);
    case Endpoint::kHandover:
      return hand_over(reply);
    case Endpoint::kAccess:
    case Endpoint::kChangeAccess:
    case Endpoint::kKeys:
    case Endpoint::kEndorse:
    case Endpoint::kRetire:
      break;
  }
  return problem(Code::kInternal, "http.endpoint", "The server has no handler for this request.");
}

// A body that came along unasked is read and ignored: Triton's clients send "{}" in places.
BlindaiService::Exchange BlindaiService::answer(const HttpReply& reply, std::string json) {
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [json = std::move(json)](const Bytes& /*body*/, const HttpReply& to) {
        to.send(json_response(200, json));
      });
}

// After a handover: what tells that this process runs, and what a new server needs that did not
// hear the farewell.
Outcome<void> BlindaiService::still_serves(const Route& route) const {
  const bool always = route.endpoint == Endpoint::kServerLive ||
                      route.endpoint == Endpoint::kFreshEvidence ||
                      route.endpoint == Endpoint::kHandover;
  if (always || !context_.handover.finished()) return {};
  return handed_over();
}

Outcome<void> BlindaiService::may_change_models() const {
  if (context_.config.allow_anonymous_upload) return {};
  return problem(Code::kAnonymous, "auth.upload",
                 "This server does not take models from anonymous callers; its operator would "
                 "have to start it with allow_anonymous_upload = true, which its users can see.");
}

Outcome<BlindaiService::Exchange> BlindaiService::upload(const HttpHead& head, const Route& route,
                                                         const HttpReply& reply) {
  RETURN_IF_ERROR(may_change_models());
  ASSIGN_OR_RETURN(const bool save, flag_header(head, "blindai-save-model", true));
  if (head.content_length.value_or(0) > context_.config.max_model_bytes)
    return problem(Code::kTooLarge, "vault.model-size",
                   fmt::format("A model may have at most {} bytes on this server; this one has {}.",
                               context_.config.max_model_bytes, *head.content_length));
  if (context_.vault.find(route.model_id) == nullptr &&
      context_.vault.catalogue().size() >= context_.config.max_models)
    return problem(Code::kNoSpace, "vault.num-models",
                   fmt::format("This server keeps at most {} models; delete one first.",
                               context_.config.max_models));
  auto exchange = std::make_shared<UploadExchange>(context_, reply, route.model_id, save);
  exchange->start();
  return exchange;
}

Outcome<BlindaiService::Exchange> BlindaiService::infer(
    const HttpHead& head, const std::shared_ptr<const ModelRecord>& record,
    const HttpReply& reply) {
  std::shared_ptr<ModelStatistics>& statistics = statistics_[record->id];
  if (statistics == nullptr) statistics = std::make_shared<ModelStatistics>();
  return start_infer(context_, record, statistics, head, reply);
}

BlindaiService::Exchange BlindaiService::remove(const std::shared_ptr<const ModelRecord>& record,
                                                const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [this, record](const Bytes& /*body*/, const HttpReply& to) {
        auto removed = std::make_shared<Result<uint64_t>>();
        context_.background.run(
            [this, record, removed] { *removed = context_.vault.remove(record->id); },
            [this, record, removed, to] {
              if (!removed->has_value()) return to.send(problem_response(removed->error()));
              context_.workers.forget(record->content_id);
              statistics_.erase(record->id);
              to.send(json_response(200, fmt::format(R"({{"model_id":"{}"}})", record->id)));
            });
      });
}

BlindaiService::Exchange BlindaiService::load(const std::shared_ptr<const ModelRecord>& record,
                                              const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [this, record](const Bytes& /*body*/, const HttpReply& to) {
        ready_worker(context_, *record, [to](Outcome<std::shared_ptr<Worker>> worker) {
          to.send(worker.has_value() ? json_response(200, "{}") : problem_response(worker.error()));
        });
      });
}

BlindaiService::Exchange BlindaiService::evidence(const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [this](const Bytes& /*body*/, const HttpReply& to) {
        auto message = std::make_shared<Result<std::string>>();
        context_.background.run(
            [this, message] { *message = context_.identity.certificate_message(); },
            [message, to] {
              to.send(message->has_value() ? json_response(200, std::move(**message))
                                           : problem_response(message->error()));
            });
      });
}

BlindaiService::Exchange BlindaiService::fresh_evidence(const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxAttestationQuestion, [this](const Bytes& body, const HttpReply& to) {
        const Result<ByteArray<32>> nonce = decode_attestation_question(as_text(body));
        if (!nonce.has_value()) return to.send(problem_response(nonce.error()));
        const Result<ByteArray<32>> exporter = to.export_key(kExporterLabel);
        if (!exporter.has_value()) return to.send(problem_response(exporter.error()));
        auto message = std::make_shared<Result<std::string>>();
        context_.background.run(
            [this, message, nonce = *nonce, exporter = *exporter] {
              *message = context_.identity.fresh_message(nonce, exporter);
            },
            [message, to] {
              to.send(message->has_value() ? json_response(200, std::move(**message))
                                           : problem_response(message->error()));
            });
      });
}

BlindaiService::Exchange BlindaiService::hand_over(const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxHandoverRequest, [this](Bytes body, const HttpReply& to) {
        const Result<ByteArray<32>> exporter = to.export_key(kHandoverExporterLabel);
        if (!exporter.has_value()) return to.send(problem_response(exporter.error()));
        auto answer = std::make_shared<Outcome<Bytes>>();
        context_.background.run(
            [this, answer, body = std::move(body), exporter = *exporter] {
              *answer = context_.handover.answer(body, exporter);
            },
            [answer, to] {
              if (!answer->has_value()) return to.send(problem_response(answer->error()));
              HttpResponse out;
              out.fields = {{"content-type", "application/octet-stream"}};
              out.body = as_text(**answer);
              to.send(std::move(out));
            });
      });
}

std::string BlindaiService::list() const {
  std::vector<ModelDescription> all;
  for (const auto& record : context_.vault.catalogue()) all.push_back(describe(*record));
  return model_list_json(all);
}

std::string BlindaiService::index() const {
  std::vector<std::string> ids;
  for (const auto& record : context_.vault.catalogue()) ids.push_back(record->id);
  return repository_index_json(ids);
}

std::string BlindaiService::all_statistics() const {
  std::vector<std::pair<std::string, ModelStatistics>> all;
  for (const auto& [id, statistics] : statistics_) all.emplace_back(id, *statistics);
  return statistics_json(all);
}

}  // namespace blindai
