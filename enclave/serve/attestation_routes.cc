#include "enclave/serve/attestation_routes.h"

#include "enclave/serve/reply.h"
#include "lib/channel/binding.h"

namespace blindai {

std::shared_ptr<HttpExchange> show_evidence(ServeContext& context, const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxSmallBody, [&context](const Bytes& /*body*/, const HttpReply& to) {
        auto message = std::make_shared<Result<std::string>>();
        context.background.run(
            [&identity = context.identity, message] { *message = identity.certificate_message(); },
            [message, to] {
              to.send(message->has_value() ? json_response(200, std::move(**message))
                                           : problem_response(message->error()));
            });
      });
}

std::shared_ptr<HttpExchange> make_evidence(ServeContext& context, const HttpReply& reply) {
  return std::make_shared<CollectedBody>(
      reply, kMaxAttestationQuestion, [&context](const Bytes& body, const HttpReply& to) {
        const Result<ByteArray<32>> nonce = decode_attestation_question(as_text(body));
        if (!nonce.has_value()) return to.send(problem_response(nonce.error()));
        const Result<ByteArray<32>> exporter = to.export_key(kExporterLabel);
        if (!exporter.has_value()) return to.send(problem_response(exporter.error()));
        auto message = std::make_shared<Result<std::string>>();
        context.background.run(
            [&identity = context.identity, message, nonce = *nonce, exporter = *exporter] {
              *message = identity.fresh_message(nonce, exporter);
            },
            [message, to] {
              to.send(message->has_value() ? json_response(200, std::move(**message))
                                           : problem_response(message->error()));
            });
      });
}

}  // namespace blindai
