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

void put_identity(std::string& out, const SgxIdentity& sgx) {
  put(out, "mr_signer", to_hex(sgx.mr_signer));
  put(out, "isv_prod_id", std::to_string(sgx.isv_prod_id), false);
  put(out, "isv_svn", std::to_string(sgx.isv_svn), false);
  put(out, "misc_select", to_hex(sgx.misc_select));
  put(out, "attributes", to_hex(sgx.attributes));
}

void put_identity(std::string& out, const TdxIdentity& tdx) {
  for (size_t i = 0; i < tdx.rtmr.size(); ++i)
    put(out, "rtmr" + std::to_string(i), to_hex(tdx.rtmr[i]));
  put(out, "mr_config_id", to_hex(tdx.mr_config_id));
  put(out, "mr_owner", to_hex(tdx.mr_owner));
  put(out, "mr_owner_config", to_hex(tdx.mr_owner_config));
  put(out, "mr_seam", to_hex(tdx.mr_seam));
  put(out, "mr_service_td", to_hex(tdx.mr_service_td));
  put(out, "td_attributes", to_hex(tdx.td_attributes));
  put(out, "xfam", to_hex(tdx.xfam));
  put(out, "tee_tcb_svn", to_hex(tdx.tee_tcb_svn));
}

void put_identity(std::string& out, const SnpIdentity& snp) {
  put(out, "product", snp.product);
  put(out, "host_data", to_hex(snp.host_data));
  put(out, "id_key_digest", to_hex(snp.id_key_digest));
  put(out, "author_key_digest", to_hex(snp.author_key_digest));
  put(out, "family_id", to_hex(snp.family_id));
  put(out, "image_id", to_hex(snp.image_id));
  put(out, "guest_svn", std::to_string(snp.guest_svn), false);
  put(out, "vmpl", std::to_string(snp.vmpl), false);
  put(out, "guest_policy", std::to_string(snp.guest_policy), false);
  put(out, "reported_tcb", to_hex(snp.reported_tcb));
}

void put_identity(std::string& out, const NitroIdentity& nitro) {
  put(out, "module_id", nitro.module_id);
  for (size_t i = 0; i < nitro.pcrs.size(); ++i)
    if (nitro.pcrs[i].has_value()) put(out, "pcr" + std::to_string(i), to_hex(*nitro.pcrs[i]));
}

std::string object(const VerifiedEvidence& evidence) {
  std::string advisories = "[";
  for (const std::string& advisory : evidence.advisories()) {
    if (advisories.size() > 1) advisories += ',';
    advisories += json_quote(advisory);
  }
  advisories += ']';
  std::string out = "{";
  put(out, "tee", name_of(evidence.tee()));
  put(out, "measurement", to_hex(evidence.measurement()));
  if (evidence.sgx() != nullptr) put_identity(out, *evidence.sgx());
  if (evidence.tdx() != nullptr) put_identity(out, *evidence.tdx());
  if (evidence.snp() != nullptr) put_identity(out, *evidence.snp());
  if (evidence.nitro() != nullptr) put_identity(out, *evidence.nitro());
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
