#include "enclave/serve/service.h"

#include <fmt/core.h>
#include <utility>

#include "enclave/serve/attestation_routes.h"
#include "enclave/serve/handover_route.h"
#include "enclave/serve/infer_exchange.h"
#include "enclave/serve/models.h"
#include "enclave/serve/reply.h"
#include "enclave/serve/upload_exchange.h"

namespace blindai {
namespace {

constexpr std::string_view kOnlyVersion = "1";

// Whether the route changes a model that is there.
bool changes_model(Endpoint endpoint) {
  return endpoint == Endpoint::kDelete || endpoint == Endpoint::kChangeAccess ||
         endpoint == Endpoint::kAccess || endpoint == Endpoint::kRepositoryUnload;
}

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
  RETURN_IF_ERROR(still_serves(context_, route));
  ASSIGN_OR_RETURN(CallerPtr caller, context_.tenancy.callers.identify(head, reply));
  Asked asked{
      .head = head, .route = route, .reply = reply, .caller = std::move(caller), .record = nullptr};
  if (route.model_id.empty()) return handle_rest(asked);
  if (route.endpoint == Endpoint::kUpload) return upload(asked);
  ASSIGN_OR_RETURN(asked.record, find_model(head, route, *asked.caller));
  return handle_model(asked);
}

// A model that the caller may not call is not there, whatever else is asked of it.
Outcome<RecordPtr> BlindaiService::find_model(const HttpHead& head, const Route& route,
                                              const Caller& caller) {
  if (changes_model(route.endpoint))
    RETURN_IF_ERROR(may_have_models(context_.config, caller, "Changing a model"));
  RecordPtr record = context_.vault.find(route.model_id);
  if (record == nullptr || !may_call(*record, caller)) return unknown_model(route.model_id);
  const std::optional<std::string_view> least = head.field("blindai-least-epoch");
  if (!least.has_value()) return record;
  const std::optional<uint64_t> epoch = parse_decimal(*least);
  if (!epoch.has_value())
    return problem(Code::kInvalid, "http.header",
                   "The header blindai-least-epoch must be a receipt's epoch, in decimal.");
  if (record->epoch < *epoch)
    return problem(Code::kConflict, "vault.rolled-back",
                   fmt::format("The model {} is at epoch {}, older than {}, which your receipt "
                               "says: the server's store was put back to an older copy. Do not "
                               "rely on this model; upload it again, and ask the operator.",
                               record->id, record->epoch, *epoch));
  return record;
}

Outcome<BlindaiService::Exchange> BlindaiService::handle_rest(const Asked& asked) {
  const HttpReply& reply = asked.reply;
  switch (asked.route.endpoint) {
    case Endpoint::kServerMetadata:
      return answer_with(reply, server_metadata_json(context_.version));
    case Endpoint::kServerLive:
      return answer_with(reply, "");
    case Endpoint::kServerReady:
      if (!ready_)
        return problem(Code::kUnavailable, "server.stopping",
                       "The server is stopping; call another one, or this one again later.");
      return answer_with(reply, "");
    case Endpoint::kAllStatistics:
      return answer_with(reply, all_statistics(*asked.caller));
    case Endpoint::kRepositoryIndex:
      return answer_with(reply, index(*asked.caller));
    case Endpoint::kModelList: {
      ASSIGN_OR_RETURN(std::string models, list(*asked.caller));
      return answer_with(reply, std::move(models));
    }
    case Endpoint::kEvidence:
      return show_evidence(context_, reply);
    case Endpoint::kFreshEvidence:
      return make_evidence(context_, reply);
    case Endpoint::kHandover:
      return hand_over(context_, reply);
    case Endpoint::kKeys:
      return list_keys(context_, asked.caller, reply);
    case Endpoint::kEndorse:
      return endorse_key(context_, asked.caller, reply);
    case Endpoint::kRetire:
      return retire_key(context_, asked.caller, asked.route.key, reply);
    default:
      return problem(Code::kInternal, "http.endpoint",
                     "The server has no handler for this request.");
  }
}

Outcome<BlindaiService::Exchange> BlindaiService::handle_model(const Asked& asked) {
  const ModelRecord& record = *asked.record;
  RETURN_IF_ERROR(still_runs(context_, asked.route, record));
  const auto answer = [&](std::string json) {
    return answer_with(asked.reply, std::move(json), expiry_fields(record));
  };
  switch (asked.route.endpoint) {
    case Endpoint::kModelMetadata:
      return answer(model_metadata_json(describe(record)));
    case Endpoint::kModelReady:
      return answer(model_ready_json(record.id, true));
    case Endpoint::kModelConfig:
      return answer(model_config_json(describe(record)));
    case Endpoint::kStatistics:
      return answer(statistics_json({{record.id, statistics_of(record.id)}}));
    case Endpoint::kModelInfo:
      return answer(model_description_json(describe(record)));
    case Endpoint::kInfer:
      return infer(asked);
    case Endpoint::kRepositoryLoad:
      return load(asked);
    case Endpoint::kRepositoryUnload:
      return unload(asked);
    case Endpoint::kDelete:
      return remove(asked);
    case Endpoint::kAccess:
      return show_access(context_, asked.caller, asked.record, asked.reply);
    case Endpoint::kChangeAccess:
      return change_access(context_, asked.caller, asked.record, asked.reply);
    default:
      return problem(Code::kInternal, "http.endpoint",
                     "The server has no handler for this request.");
  }
}

HttpFields BlindaiService::expiry_fields(const ModelRecord& record) const {
  std::optional<std::string> end = context_.tenancy.retention.warning(record, context_.clock());
  if (!end.has_value()) return {};
  return {{"blindai-model-expires", std::move(*end)}};
}

Outcome<BlindaiService::Exchange> BlindaiService::upload(const Asked& asked) {
  ASSIGN_OR_RETURN(UploadPlan plan,
                   plan_upload(context_, asked.head, asked.route.model_id, asked.caller));
  Admission& admission = context_.tenancy.admission;
  // Before its bytes are sent for nothing.
  const auto pause = admission.pause_before_model(asked.caller->use, Reactor::Clock::now());
  if (!pause.has_value()) {
    asked.reply.send(problem_response(pause.error().problem, pause.error().retry_after));
    return nullptr;
  }
  plan.held = admission.hold(asked.caller->use);
  RETURN_IF_ERROR(plan.held.add(UploadExchange::kBytes));
  auto exchange = std::make_shared<UploadExchange>(context_, asked.reply, std::move(plan));
  exchange->start();
  return exchange;
}

Outcome<BlindaiService::Exchange> BlindaiService::infer(const Asked& asked) {
  Admission& admission = context_.tenancy.admission;
  const Caller& caller = *asked.caller;
  const Admission::Now now = Reactor::Clock::now();
  auto pass =
      caller.use != nullptr
          ? admission.admit(caller.use, caller.limits, now)
          : admission.admit_anonymous(CallerDesk::note_of(asked.reply)->bucket, caller.limits, now);
  if (!pass.has_value()) {
    asked.reply.send(problem_response(pass.error().problem, pass.error().retry_after));
    return nullptr;
  }
  const ModelRecord& record = *asked.record;
  HttpFields fields = expiry_fields(record);
  context_.tenancy.uses.used(record.id, context_.clock());
  std::shared_ptr<ModelStatistics>& statistics = statistics_[record.id];
  if (statistics == nullptr) statistics = std::make_shared<ModelStatistics>();
  return start_infer(context_,
                     {.record = asked.record,
                      .statistics = statistics,
                      .pass = std::move(*pass),
                      .held = admission.hold(caller.use),
                      .fields = std::move(fields)},
                     asked.head, asked.reply);
}

void BlindaiService::forget(const ModelRecord& record) {
  context_.workers.forget(record.content_id);
  context_.tenancy.uses.forget(record.id);
  context_.tenancy.quota.stored_changed();
  statistics_.erase(record.id);
}

Outcome<BlindaiService::Exchange> BlindaiService::remove(const Asked& asked) {
  RETURN_IF_ERROR(may_change(context_.config, *asked.record, *asked.caller));
  return std::make_shared<CollectedBody>(
      asked.reply, kMaxSmallBody,
      [this, caller = asked.caller, record = asked.record](const Bytes& /*body*/,
                                                           const HttpReply& to) {
        auto removed = std::make_shared<Outcome<uint64_t>>();
        context_.background.run(
            [this, caller, record, removed] {
              *removed = [&]() -> Outcome<uint64_t> {
                RETURN_IF_ERROR(still_stands(context_.tenancy.owners, *caller));
                return context_.vault.remove(record->id, record);
              }();
            },
            [this, record, removed, to] {
              if (!removed->has_value()) return to.send(problem_response(removed->error()));
              forget(*record);
              to.send(json_response(200, receipt_json(*record, **removed)));
            });
      });
}

void BlindaiService::remove_expired(const std::function<void(size_t)>& log) {
  auto expired = std::make_shared<std::vector<RecordPtr>>();
  for (const RecordPtr& record : context_.vault.catalogue())
    if (context_.tenancy.retention.has_ended(*record, context_.clock())) expired->push_back(record);
  if (expired->empty()) return;
  auto gone = std::make_shared<std::vector<RecordPtr>>();
  context_.background.run(
      [&vault = context_.vault, expired, gone] {
        for (const RecordPtr& record : *expired)
          if (vault.remove(record->id, record).has_value()) gone->push_back(record);
      },
      [this, gone, log] {
        for (const RecordPtr& record : *gone) {
          forget(*record);
          context_.metrics.model_expired();
        }
        log(gone->size());
      });
}

Outcome<BlindaiService::Exchange> BlindaiService::load(const Asked& asked) {
  context_.tenancy.uses.used(asked.record->id, context_.clock());
  return std::make_shared<CollectedBody>(
      asked.reply, kMaxSmallBody,
      [this, record = asked.record](const Bytes& /*body*/, const HttpReply& to) {
        ready_worker(context_, *record, [to](Outcome<std::shared_ptr<Worker>> worker) {
          to.send(worker.has_value() ? json_response(200, "{}") : problem_response(worker.error()));
        });
      });
}

Outcome<BlindaiService::Exchange> BlindaiService::unload(const Asked& asked) {
  RETURN_IF_ERROR(may_change(context_.config, *asked.record, *asked.caller));
  context_.workers.forget(asked.record->content_id);
  return answer_with(asked.reply, "{}");
}

// The caller's own models; without a key, those that nobody owns.
Outcome<std::string> BlindaiService::list(const Caller& caller) const {
  RETURN_IF_ERROR(may_have_models(context_.config, caller, "Listing your own models"));
  std::vector<ModelDescription> all;
  for (const RecordPtr& record : context_.vault.catalogue())
    if (caller.key.has_value() ? owns(*record, caller) : !record->owner.has_value())
      all.push_back(describe(*record));
  return model_list_json(all);
}

std::string BlindaiService::index(const Caller& caller) const {
  std::vector<std::string> ids;
  for (const RecordPtr& record : context_.vault.catalogue())
    if (may_call(*record, caller)) ids.push_back(record->id);
  return repository_index_json(ids);
}

ModelStatistics BlindaiService::statistics_of(const std::string& id) const {
  const auto found = statistics_.find(id);
  return found == statistics_.end() ? ModelStatistics() : *found->second;
}

std::string BlindaiService::all_statistics(const Caller& caller) const {
  std::vector<std::pair<std::string, ModelStatistics>> all;
  for (const auto& [id, statistics] : statistics_) {
    const RecordPtr record = context_.vault.find(id);
    if (record != nullptr && may_call(*record, caller)) all.emplace_back(id, *statistics);
  }
  return statistics_json(all);
}

}  // namespace blindai
