// POST /v2/models/{id}/infer: one prediction.
//
// The JSON part is collected and read against the stored signature; then the model's worker is made
// ready, while the connection stops reading; then binary tensors are decrypted straight into memory
// that the worker shares, and the answer is encrypted straight out of it.
//
// When the client leaves, or the time it gave (parameter "timeout", from the request's head) is
// over, its run is cancelled; one that waits never starts. When the worker ends and another request
// is to blame, or it is stopped while the body arrives, the request moves to the next worker of
// that model.
#pragma once

#include <memory>

#include "enclave/serve/context.h"
#include "lib/oip/metadata.h"
#include "net/http_server.h"

namespace blindai {

// What was settled before it began.
struct InferTerms {
  std::shared_ptr<const ModelRecord> record;
  std::shared_ptr<ModelStatistics> statistics;
  PredictionPass pass;  // given back when the request ends
  HeldBytes held;       // the same
  HttpFields fields;    // of the answer, beside its own
};

// Errors: kInvalid "http.content-encoding", "model.hash-format"; kConflict "model.hash" (the
// request pins another model than the one that has the name); those of split_body and
// HeldBytes::add.
Outcome<std::shared_ptr<HttpExchange>> start_infer(ServeContext& context, InferTerms terms,
                                                   const HttpHead& head, const HttpReply& reply);

// The worker of a stored model, started if need be. `got` is called later, never inside the call.
void ready_worker(ServeContext& context, const ModelRecord& record, WorkerPool::Got got);

}  // namespace blindai
