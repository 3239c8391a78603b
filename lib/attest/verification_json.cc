#include "lib/attest/verify.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

void put(std::string& out, std::string_view name, std::string_view value, bool quoted = true) {
  if (out.back() != '{') out += ',';
  out += json_quote(name);
  out += ':';
  if (quoted) {
    out += json_quote(value);
  } else {
    out += value;
  }
}

std::string object(const Check& check) {
  std::string out = "{";
  put(out, "name", check.name());
  put(out, "state", name_of(check.state));
  if (check.state != CheckState::kNotReached) {
    put(out, "expected", check.expected);
    put(out, "found", check.found);
  }
  if (check.state == CheckState::kFailed) put(out, "advice", check.id.advice);
  return out + "}";
}

std::string object(const VerifiedEvidence& evidence) {
  std::string advisories = "[";
  for (const std::string& advisory : evidence.advisories()) {
    if (advisories.size() > 1) advisories += ',';
    advisories += json_quote(advisory);
  }
  advisories += ']';
  const SgxIdentity& sgx = evidence.sgx();
  std::string out = "{";
  put(out, "tee", name_of(evidence.tee()));
  put(out, "measurement", to_hex(evidence.measurement()));
  put(out, "mr_signer", to_hex(sgx.mr_signer));
  put(out, "isv_prod_id", std::to_string(sgx.isv_prod_id), false);
  put(out, "isv_svn", std::to_string(sgx.isv_svn), false);
  put(out, "misc_select", to_hex(sgx.misc_select));
  put(out, "attributes", to_hex(sgx.attributes));
  put(out, "debug", evidence.debug() ? "true" : "false", false);
  put(out, "tcb_status", name_of(evidence.tcb_status()));
  put(out, "advisories", advisories, false);
  put(out, "tcb_evaluation_number", std::to_string(evidence.tcb_evaluation_number()), false);
  put(out, "report_data", to_hex(evidence.report_data()));
  put(out, "verified_at", to_rfc3339(evidence.verified_at()));
  put(out, "valid_until", to_rfc3339(evidence.valid_until()));
  put(out, "fresh_until", to_rfc3339(evidence.fresh_until()));
  return out + "}";
}

}  // namespace

std::string to_json(const Verification& verification) {
  std::string checks = "[";
  for (const Check& check : verification.checks()) {
    if (checks.size() > 1) checks += ',';
    checks += object(check);
  }
  checks += ']';
  const VerifiedEvidence* evidence = verification.evidence();
  std::string out = "{";
  put(out, "ok", verification.ok() ? "true" : "false", false);
  put(out, "at", to_rfc3339(verification.at()));
  put(out, "checks", checks, false);
  put(out, "evidence", evidence != nullptr ? object(*evidence) : "null", false);
  return out + "}";
}

}  // namespace blindai
