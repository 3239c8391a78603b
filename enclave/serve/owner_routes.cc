#include "enclave/serve/owner_routes.h"

#include <algorithm>
#include <fmt/core.h>

#include "enclave/serve/reply.h"
#include "lib/auth/stored_receipt.h"

namespace blindai {
namespace {

using Exchange = std::shared_ptr<HttpExchange>;

Outcome<void> need_key(const Caller& caller) {
  if (caller.key.has_value()) return {};
  return problem(Code::kAnonymous, "auth.key-required",
                 "Keys are managed with an API key of their owner; give one to your client "
                 "(blindai --key FILE).");
}

std::string keys_json(const OwnerRecord& record) {
  return to_json(OwnerKeys{.owner = record.root(), .keys = record.keys});
}

// lib/base says where JSON ends to be JSON, and not whose it is.
HttpResponse body_problem(const Error& error) {
  if (!error.name().starts_with("json.")) return problem_response(error);
  return problem_response(Problem(error.code, error.id,
                                  "The body of this request is not the JSON that docs/http.md asks "
                                  "for; the client libraries write it."));
}

// Whether the key has acted as an owner: it could not be another's without losing its models.
bool has_models(ServeContext& context, const PublicKey& key) {
  const std::string name = to_hex(key.bytes);
  return std::ranges::any_of(context.vault.catalogue(),
                             [&](const auto& record) {
                               return record->owner.has_value() && record->owner->key == key.bytes;
                             }) ||
         context.tenancy.quota.is_uploading(
             [&](const UploadQuota::Request& request) { return request.owner == name; });
}

// Runs a change of an owner's record on the background thread and answers with the record.
void change_keys(ServeContext& context, const HttpReply& to,
                 std::function<Outcome<OwnerRecord>(OwnerBook&)> change) {
  auto changed =
      std::make_shared<Outcome<OwnerRecord>>(problem(Code::kInternal, "auth.not-run", ""));
  context.background.run([&owners = context.tenancy.owners, changed,
                          change = std::move(change)] { *changed = change(owners); },
                         [changed, to] {
                           to.send(changed->has_value() ? json_response(200, keys_json(**changed))
                                                        : problem_response(changed->error()));
                         });
}

void take_endorsement(ServeContext& context, const Caller& caller, BytesView body,
                      const HttpReply& to) {
  const Result<Endorsement> asked = parse_endorsement(as_text(body), caller.root);
  if (!asked.has_value()) return to.send(body_problem(asked.error()));
  const Result<ConsentingKey> key = verify_endorsement(*asked);
  if (!key.has_value()) return to.send(problem_response(key.error()));
  if (has_models(context, key->key()))
    return to.send(problem_response(
        Problem(Code::kConflict, "auth.key-taken",
                "That key has models of its own here, so it is another owner; delete them with it "
                "first, or endorse a new key.")));
  change_keys(context, to, [key = *key, by = *caller.key](OwnerBook& owners) {
    return owners.endorse(key, by);
  });
}

}  // namespace

std::string receipt_json(const ModelRecord& record, uint64_t epoch) {
  if (record.saved)
    return to_json(StoredReceipt{.model_id = record.id,
                                 .model_hash = record.sha256,
                                 .epoch = epoch,
                                 .content_id = record.content_id});
  return fmt::format(R"({{"model_id":"{}","model_hash":"{}"}})", record.id, to_hex(record.sha256));
}

Outcome<Exchange> list_keys(ServeContext& context, const CallerPtr& caller,
                            const HttpReply& reply) {
  RETURN_IF_ERROR(need_key(*caller));
  return answer_with(reply, keys_json(context.tenancy.owners.record_of(caller->root)));
}

Outcome<Exchange> endorse_key(ServeContext& context, const CallerPtr& caller,
                              const HttpReply& reply) {
  RETURN_IF_ERROR(need_key(*caller));
  // A record takes room for good, so strangers do not make any.
  if (context.tenancy.owners.record_of(caller->root).keys.size() == 1)
    RETURN_IF_ERROR(may_upload(context.config, *caller));
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [&context, caller](const Bytes& body, const HttpReply& to) {
        take_endorsement(context, *caller, body, to);
      });
}

Outcome<Exchange> retire_key(ServeContext& context, const CallerPtr& caller, std::string_view text,
                             const HttpReply& reply) {
  RETURN_IF_ERROR(need_key(*caller));
  ASSIGN_OR_RETURN(const PublicKey key, parse_public_key(text));
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [&context, caller, key](const Bytes& /*body*/, const HttpReply& to) {
        change_keys(context, to,
                    [key, by = *caller->key](OwnerBook& owners) { return owners.retire(key, by); });
      });
}

Outcome<Exchange> show_access(ServeContext& context, const CallerPtr& caller,
                              const RecordPtr& record, const HttpReply& reply) {
  RETURN_IF_ERROR(may_change_access(context.config, *record, *caller));
  return answer_with(reply, to_json(access_of(record->access)));
}

Outcome<Exchange> change_access(ServeContext& context, const CallerPtr& caller,
                                const RecordPtr& record, const HttpReply& reply) {
  RETURN_IF_ERROR(may_change_access(context.config, *record, *caller));
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [&context, caller, record](const Bytes& body, const HttpReply& to) {
        const Result<ModelAccess> access = parse_model_access(as_text(body));
        if (!access.has_value()) return to.send(body_problem(access.error()));
        auto changed = std::make_shared<Outcome<RecordPtr>>();
        context.background.run(
            [&context, caller, record, rules = rules_of(*access), changed] {
              *changed = [&]() -> Outcome<RecordPtr> {
                RETURN_IF_ERROR(still_stands(context.tenancy.owners, *caller));
                return context.vault.change_access(record->id, rules, record);
              }();
            },
            [changed, to] {
              to.send(changed->has_value()
                          ? json_response(200, receipt_json(***changed, (**changed)->epoch))
                          : problem_response(changed->error()));
            });
      });
}

}  // namespace blindai
