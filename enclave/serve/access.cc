#include "enclave/serve/access.h"

#include <algorithm>
#include <fmt/core.h>

#include "lib/base/model_id.h"

namespace blindai {
namespace {

std::unexpected<Problem> key_required(std::string_view what) {
  return problem(Code::kAnonymous, "auth.key-required",
                 fmt::format("{} needs an API key; make one with \"blindai keys create\" and give "
                             "it to your client (blindai --key FILE).",
                             what));
}

}  // namespace

bool owns(const ModelRecord& record, const Caller& caller) {
  return record.owner.has_value() && caller.key.has_value() &&
         (record.owner->key == caller.root.bytes || record.owner->key == caller.key->bytes);
}

bool may_call(const ModelRecord& record, const Caller& caller) {
  if (record.access.visibility == Visibility::kPublic || owns(record, caller)) return true;
  const auto listed = [&](const PublicKey& key) {
    return std::ranges::find(record.access.callers, key.bytes) != record.access.callers.end();
  };
  return caller.key.has_value() && (listed(caller.root) || listed(*caller.key));
}

Outcome<void> may_change(const MeasuredConfig& config, const ModelRecord& record,
                         const Caller& caller) {
  if (config.configured_model(record.id) != nullptr)
    return problem(Code::kDenied, "auth.configured-model",
                   "The server's measured configuration says what model has this name, so nobody "
                   "can change it; choose another name, or ask the operator.");
  if (!record.owner.has_value()) {
    if (config.allow_anonymous_upload) return {};
    return problem(Code::kDenied, "auth.no-owner",
                   "This model was uploaded without a key and has no owner who could change it; "
                   "choose another name, or ask the operator.");
  }
  if (owns(record, caller)) return {};
  if (!caller.key.has_value()) return key_required("Changing this model");
  return problem(Code::kDenied, "auth.not-owner",
                 "This model belongs to another owner; only a key of that owner can change it.");
}

Outcome<void> may_change_access(const MeasuredConfig& config, const ModelRecord& record,
                                const Caller& caller) {
  RETURN_IF_ERROR(may_change(config, record, caller));
  if (record.owner.has_value()) return {};
  return problem(Code::kDenied, "auth.no-owner",
                 "This model was uploaded without a key, so it has no access rules; upload it with "
                 "a key to have some.");
}

Outcome<void> may_upload(const MeasuredConfig& config, const Caller& caller) {
  if (config.allow_anonymous_upload || caller.listed || caller.account.has_value()) return {};
  if (!caller.key.has_value()) return key_required("Uploading here");
  return problem(Code::kDenied, "auth.not-listed",
                 fmt::format("This key may not upload here: {}{}. Ask the operator.",
                             "the server's measured configuration does not list it under owners",
                             config.token_issuers.empty()
                                 ? ""
                                 : ", and no account token came with it (blindai-account)"));
}

Outcome<void> may_have_models(const MeasuredConfig& config, const Caller& caller,
                              std::string_view what) {
  if (caller.key.has_value() || config.allow_anonymous_upload) return {};
  return key_required(what);
}

Outcome<void> may_use_handle(const MeasuredConfig& config, std::string_view id,
                             const Caller& caller,
                             const std::function<bool(std::string_view handle)>& others) {
  const std::string_view handle = split_model_id(id).handle;
  if (handle.empty()) return {};
  if (!config.token_issuers.empty()) {
    if (caller.account.has_value() && caller.account->handle == handle) return {};
    return problem(Code::kDenied, "auth.handle",
                   fmt::format("Names that begin with {}/ are for the account of that handle{}. "
                               "Choose a name under your own handle, or one without a slash.",
                               handle,
                               caller.account.has_value()
                                   ? fmt::format(", and yours is {}", caller.account->handle)
                                   : ", which an account token has to show"));
  }
  if (!others(handle)) return {};
  return problem(Code::kConflict, "auth.handle-taken",
                 fmt::format("Another owner has models whose names begin with {}/; choose another "
                             "handle, or a name without a slash.",
                             handle));
}

AccessRules rules_of(const ModelAccess& access) {
  AccessRules out;
  out.visibility = access.is_private ? Visibility::kPrivate : Visibility::kPublic;
  for (const PublicKey& key : access.callers) out.callers.push_back(key.bytes);
  out.handover = access.handover;
  return out;
}

ModelAccess access_of(const AccessRules& rules) {
  ModelAccess out;
  out.is_private = rules.visibility == Visibility::kPrivate;
  for (const ByteArray<32>& key : rules.callers) out.callers.push_back({key});
  out.handover = rules.handover;
  return out;
}

}  // namespace blindai
