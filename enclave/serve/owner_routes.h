// The routes of owners: their keys, and their models' access rules (docs/formats/endorsement.md,
// docs/formats/model-access.md).
//
//   GET /v1/keys                    the keys of the caller's owner
//   POST /v1/keys                   gives the owner another key, which has to consent
//   DELETE /v1/keys/{key}           retires one
//   GET, PUT /v1/models/{id}/access the model's rules
//
// Each answers the state after it. Threads: the reactor's.
#pragma once

#include "enclave/serve/access.h"
#include "enclave/serve/context.h"

namespace blindai {

using CallerPtr = std::shared_ptr<const Caller>;
using RecordPtr = std::shared_ptr<const ModelRecord>;

// Errors: kAnonymous "auth.key-required".
Outcome<std::shared_ptr<HttpExchange>> list_keys(ServeContext& context, const CallerPtr& caller,
                                                 const HttpReply& reply);
// Errors: as above, those of may_upload() when the owner has no record yet. Through the answer:
// those of parse_endorsement(), verify_endorsement() and OwnerBook::endorse(); kConflict
// "auth.key-taken" for a key that has models of its own.
Outcome<std::shared_ptr<HttpExchange>> endorse_key(ServeContext& context, const CallerPtr& caller,
                                                   const HttpReply& reply);
// Errors: as list_keys(), those of parse_public_key(). Through the answer: OwnerBook::retire()'s.
Outcome<std::shared_ptr<HttpExchange>> retire_key(ServeContext& context, const CallerPtr& caller,
                                                  std::string_view key, const HttpReply& reply);

// Errors: those of may_change_access().
Outcome<std::shared_ptr<HttpExchange>> show_access(ServeContext& context, const CallerPtr& caller,
                                                   const RecordPtr& record, const HttpReply& reply);
// Answers with a receipt. Errors: as above. Through the answer: those of parse_model_access() and
// Vault::change_access().
Outcome<std::shared_ptr<HttpExchange>> change_access(ServeContext& context, const CallerPtr& caller,
                                                     const RecordPtr& record,
                                                     const HttpReply& reply);

// {"model_id","model_hash"} and, of a saved model, "epoch" and "content_id".
std::string receipt_json(const ModelRecord& record, uint64_t epoch);

}  // namespace blindai
