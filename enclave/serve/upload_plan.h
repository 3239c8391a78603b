// What an upload is to become: its headers read, its caller's rights and limits asked.
//
//   blindai-save-model: false              in memory only
//   blindai-replace: true                  may take the place of another model of the same owner
//   blindai-visibility: public|private     who may call it; without it, a model that is replaced
//   blindai-callers: baipk_…,baipk_…       keeps its rules, and another is public
#pragma once

#include "enclave/serve/access.h"
#include "enclave/serve/context.h"

namespace blindai {

struct UploadPlan {
  std::string id;
  UploadTerms options;
  // The rules were said in headers, so they hold also for a model that is there already.
  bool says_access = false;
  std::shared_ptr<const ModelRecord> replaced;  // what had the name when the upload began
  std::shared_ptr<const Caller> caller;
  std::unique_ptr<UploadQuota::Room> room;
  bool length_known = false;
  HeldBytes held;  // of the server's memory, while it arrives
};

// Errors: those of may_upload(), may_use_handle() and UploadQuota::begin(); kDenied
// "auth.configured-model"; kConflict "vault.name-taken" when somebody else's model has the name;
// kInvalid "http.header"; kAnonymous "auth.private-needs-key"; those of parse_visibility(),
// parse_callers() and check_access().
Outcome<UploadPlan> plan_upload(ServeContext& context, const HttpHead& head, const std::string& id,
                                std::shared_ptr<const Caller> caller);

}  // namespace blindai
