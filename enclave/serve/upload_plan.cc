#include "enclave/serve/upload_plan.h"

#include <fmt/core.h>

#include "enclave/serve/reply.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

// As the store and the quota name an owner: its root key, or nobody.
std::string owner_name(const std::optional<ModelOwner>& owner) {
  return owner.has_value() ? to_hex(owner->key) : std::string();
}

// Nothing when the headers say nothing.
Outcome<std::optional<ModelAccess>> access_headers(const HttpHead& head) {
  const auto visibility = head.field("blindai-visibility");
  const auto callers = head.field("blindai-callers");
  if (!visibility.has_value() && !callers.has_value()) return std::nullopt;
  ModelAccess out;
  if (visibility.has_value()) {
    ASSIGN_OR_RETURN(out.is_private, parse_visibility(*visibility));
  }
  if (callers.has_value()) {
    ASSIGN_OR_RETURN(out.callers, parse_callers(*callers));
  }
  RETURN_IF_ERROR(check_access(out));
  return out;
}

// Whether somebody else than this owner has models under the handle, or uploads one.
bool others_have(ServeContext& context, std::string_view handle,
                 const std::optional<ModelOwner>& owner) {
  for (const auto& record : context.vault.catalogue())
    if (split_model_id(record->id).handle == handle &&
        owner_name(record->owner) != owner_name(owner))
      return true;
  return context.tenancy.quota.is_uploading([&](const UploadQuota::Request& other) {
    return split_model_id(other.id).handle == handle && other.owner != owner_name(owner);
  });
}

Outcome<void> check_name(const MeasuredConfig& config, const ModelRecord& taken,
                         const Caller& caller) {
  if (config.configured_model(taken.id) != nullptr) return may_change(config, taken, caller);
  const bool nobodys = !taken.owner.has_value() && config.allow_anonymous_upload;
  if (nobodys || owns(taken, caller)) return {};
  return problem(
      Code::kConflict, "vault.name-taken",
      fmt::format("Another owner's model has the name {}; choose another name.", taken.id));
}

}  // namespace

Outcome<UploadPlan> plan_upload(ServeContext& context, const HttpHead& head, const std::string& id,
                                std::shared_ptr<const Caller> caller) {
  const MeasuredConfig& config = context.config;
  RETURN_IF_ERROR(may_upload(config, *caller));
  UploadPlan out;
  out.id = id;
  out.caller = std::move(caller);
  out.replaced = context.vault.find(id);
  ASSIGN_OR_RETURN(out.options.save, flag_header(head, "blindai-save-model", true));
  ASSIGN_OR_RETURN(const bool replace, flag_header(head, "blindai-replace", false));
  out.options.overwrite = replace ? Overwrite::kReplace : Overwrite::kRefuse;
  ASSIGN_OR_RETURN(const std::optional<ModelAccess> access, access_headers(head));
  if (config.configured_model(id) != nullptr)
    return problem(Code::kDenied, "auth.configured-model",
                   "The server's measured configuration says what model has this name; choose "
                   "another one.");
  if (out.replaced != nullptr) RETURN_IF_ERROR(check_name(config, *out.replaced, *out.caller));

  if (out.caller->key.has_value()) {
    ModelOwner owner{.key = out.caller->root.bytes, .account = {}};
    // A model that is the caller's own key's stays that key's.
    if (out.replaced != nullptr && out.replaced->owner.has_value())
      owner.key = out.replaced->owner->key;
    if (out.caller->account.has_value()) owner.account = out.caller->account->account;
    out.options.owner = std::move(owner);
  }
  if (access.has_value()) {
    if (access->is_private && !out.caller->key.has_value())
      return problem(Code::kAnonymous, "auth.private-needs-key",
                     "A private model needs an owner, who is known by an API key; upload it with "
                     "one, or make it public.");
    out.options.access = rules_of(*access);
    out.says_access = true;
    if (out.replaced != nullptr) out.options.access.handover = out.replaced->access.handover;
  } else if (out.replaced != nullptr) {
    out.options.access = out.replaced->access;
  }
  RETURN_IF_ERROR(may_use_handle(config, id, *out.caller, [&](std::string_view handle) {
    return others_have(context, handle, out.options.owner);
  }));
  out.length_known = head.content_length.has_value();
  ASSIGN_OR_RETURN(out.room, context.tenancy.quota.begin({.id = id,
                                                          .account = out.caller->usage,
                                                          .owner = owner_name(out.options.owner),
                                                          .limits = out.caller->limits,
                                                          .length = head.content_length}));
  return out;
}

}  // namespace blindai
