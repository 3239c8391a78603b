#include "client/cpp/evidence_file.h"
#include "lib/base/json.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

void put_checks(std::string& out, std::string_view of, std::span<const Check> checks) {
  for (const Check& check : checks) {
    if (out.back() != '[') out += ',';
    out += "{\"of\":" + json_quote(of) + ",\"name\":" + json_quote(check.name()) +
           ",\"state\":" + json_quote(name_of(check.state));
    if (check.state != CheckState::kNotReached)
      out +=
          ",\"expected\":" + json_quote(check.expected) + ",\"found\":" + json_quote(check.found);
    if (check.state == CheckState::kFailed) out += ",\"advice\":" + json_quote(check.id.advice);
    out += '}';
  }
}

// The member "evidence" of lib/attest's own account, so that its fields are named in one place.
std::string evidence_of(const Verification& verification) {
  const std::string text = to_json(verification);
  const Result<JsonDocument> document = JsonDocument::parse(text);
  BLINDAI_CHECK(document.has_value());
  return std::string(document->root()["evidence"].raw());
}

}  // namespace

std::string to_json(const AttestedServer& server) {
  std::string checks = "[";
  put_checks(checks, "certificate", server.certificate.checks());
  put_checks(checks, "certificate", server.certificate_channel);
  put_checks(checks, "connection", server.fresh.checks());
  put_checks(checks, "connection", server.channel);
  checks += ']';
  return std::string("{\"ok\":") + (server.ok() ? "true" : "false") +
         ",\"simulation\":" + (server.simulation ? "true" : "false") + ",\"checks\":" + checks +
         ",\"evidence\":" + evidence_of(server.fresh) + ",\"config\":" + json_quote(server.config) +
         ",\"config_hash\":" + json_quote(to_hex(sha256(as_bytes(server.config)))) + "}";
}

std::string to_json(const JudgedEvidence& judged) {
  std::string checks = "[";
  put_checks(checks, "evidence", judged.verification.checks());
  put_checks(checks, "evidence", judged.channel);
  checks += ']';
  std::string out = std::string("{\"ok\":") + (judged.ok() ? "true" : "false") +
                    ",\"simulation\":" + (judged.simulation ? "true" : "false") +
                    ",\"at\":" + json_quote(to_rfc3339(judged.verification.at())) +
                    ",\"checks\":" + checks + ",\"evidence\":" + evidence_of(judged.verification);
  if (judged.config.has_value())
    out += ",\"config\":" + json_quote(*judged.config) +
           ",\"config_hash\":" + json_quote(to_hex(sha256(as_bytes(*judged.config))));
  return out + "}";
}

}  // namespace blindai
