// What a caller may do with a model and with a name. Each question has one answer here, and no
// route asks another way. Pure.
#pragma once

#include "enclave/serve/caller.h"
#include "enclave/vault/vault.h"
#include "lib/auth/model_access.h"

namespace blindai {

// Whether the model is the caller's: of its key, or of its key's owner.
bool owns(const ModelRecord& record, const Caller& caller);
// Whether the model exists as far as the caller is concerned. A private one does for its owner and
// for the keys that it lists, or whose owner's root it lists.
bool may_call(const ModelRecord& record, const Caller& caller);

// To delete or replace a model, or to stop its worker. Errors: kDenied "auth.configured-model",
// "auth.not-owner", "auth.no-owner"; kAnonymous "auth.key-required".
Outcome<void> may_change(const MeasuredConfig& config, const ModelRecord& record,
                         const Caller& caller);
// To see and change a model's access rules; a model without an owner has none. Errors: as above.
Outcome<void> may_change_access(const MeasuredConfig& config, const ModelRecord& record,
                                const Caller& caller);
// To upload at all. Errors: kAnonymous "auth.key-required"; kDenied "auth.not-listed".
Outcome<void> may_upload(const MeasuredConfig& config, const Caller& caller);
// Without a key nobody has models to change or list, unless strangers may upload; asked before a
// model is looked for. `what` begins the sentence. Errors: kAnonymous "auth.key-required".
Outcome<void> may_have_models(const MeasuredConfig& config, const Caller& caller,
                              std::string_view what);

// The handle of `id`, if it has one, is the caller's to use. Where the configuration names token
// issuers it is the account's of that handle; elsewhere whoever has a model there keeps it.
// `others`: tells whether somebody else, as `caller` sees it, has models or uploads there.
// Errors: kDenied "auth.handle"; kConflict "auth.handle-taken".
Outcome<void> may_use_handle(const MeasuredConfig& config, std::string_view id,
                             const Caller& caller,
                             const std::function<bool(std::string_view handle)>& others);

// The same rules in the store's form and in the protocol's.
AccessRules rules_of(const ModelAccess& access);
ModelAccess access_of(const AccessRules& rules);

}  // namespace blindai
