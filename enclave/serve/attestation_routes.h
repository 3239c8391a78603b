// GET and POST /v1/attestation: the certificate's evidence, and evidence made for one connection.
// Threads: the reactor's.
#pragma once

#include "enclave/serve/context.h"

namespace blindai {

std::shared_ptr<HttpExchange> show_evidence(ServeContext& context, const HttpReply& reply);
// Through the answer: errors of decode_attestation_question() and of the evidence's source.
std::shared_ptr<HttpExchange> make_evidence(ServeContext& context, const HttpReply& reply);

}  // namespace blindai
