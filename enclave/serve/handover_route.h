// POST /v1/handover, and what the other routes answer afterwards (enclave/handover/giver.h).
#pragma once

#include <memory>

#include "enclave/serve/context.h"
#include "lib/oip/route.h"
#include "net/http_server.h"

namespace blindai {

// Collects a message of a new server and answers it from the background thread.
std::shared_ptr<HttpExchange> hand_over(ServeContext& context, const HttpReply& reply);

// Once everything was given, only what tells that this process runs, and what a new server needs
// that did not hear the farewell. Errors: kUnavailable "server.handed-over".
Outcome<void> still_serves(const ServeContext& context, const Route& route);

// A model that was given by its owner's consent is not run here any more. Errors: kUnavailable
// "model.handed-over".
Outcome<void> still_runs(const ServeContext& context, const Route& route,
                         const ModelRecord& record);

}  // namespace blindai
