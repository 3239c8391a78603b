#include "lib/handover/release.h"

#include "lib/attest/cose.h"
#include "lib/attest/dcap_quote.h"
#include "lib/attest/nitro_document.h"
#include "lib/attest/snp_report.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr int64_t kOneHour = 3600;

Sha256Digest release(Tee tee, BytesView program, const Sha256Digest& config_hash) {
  Bytes text = to_bytes(as_bytes("blindai-release-v1"));
  text.push_back(0);
  append(text, as_bytes(name_of(tee)));
  text.push_back(0);
  append(text, program);
  append(text, config_hash);
  return sha256(text);
}

void accept_enclave(BytesView quote, Policy& out) {
  const auto parsed = parse_dcap_quote(quote);
  if (!parsed.has_value() || parsed->sgx() == nullptr || !out.sgx.has_value()) return;
  out.sgx->mr_enclave = {parsed->sgx()->mr_enclave};
}

void accept_td(BytesView quote, Policy& out) {
  const auto parsed = parse_dcap_quote(quote);
  if (!parsed.has_value() || parsed->td() == nullptr || !out.tdx.has_value()) return;
  const TdReport& td = *parsed->td();
  out.tdx->mr_td = {td.mr_td};
  for (size_t i = 0; i < out.tdx->rtmr.size(); ++i)
    out.tdx->rtmr[i] = {.any = false, .values = {td.rtmr[i]}};
}

void accept_guest(BytesView wire, Policy& out) {
  const auto report = parse_snp_report(wire);
  if (report.has_value() && out.snp.has_value()) out.snp->measurement = {report->measurement};
}

void accept_nitro(BytesView wire, Policy& out) {
  const auto signed_document = parse_cose_sign1(wire);
  if (!signed_document.has_value() || !out.nitro.has_value()) return;
  const auto document = parse_nitro_payload(signed_document->payload);
  if (!document.has_value() || !document->pcrs[0].has_value()) return;
  ByteArray<48> image;
  if (document->pcrs[0]->size() != image.size()) return;
  std::copy(document->pcrs[0]->begin(), document->pcrs[0]->end(), image.begin());
  out.nitro->pcrs[0] = {image};
}

}  // namespace

Sha256Digest release_id(const VerifiedEvidence& evidence, const Sha256Digest& config_hash) {
  Bytes program = to_bytes(evidence.measurement());
  if (const TdxIdentity* td = evidence.tdx(); td != nullptr)
    for (const ByteArray<48>& rtmr : td->rtmr) append(program, rtmr);
  return release(evidence.tee(), program, config_hash);
}

Sha256Digest release_id_sgx(const Sha256Digest& mr_enclave, const Sha256Digest& config_hash) {
  return release(Tee::kSgx, mr_enclave, config_hash);
}

Policy strictest_platform() {
  Policy out;
  out.tcb_statuses = {TcbStatus::kUpToDate};
  out.max_evidence_age_s = kOneHour;
  out.sgx.emplace();
  out.tdx.emplace();
  out.snp.emplace();
  out.nitro.emplace();
  return out;
}

Policy policy_for_program_in(const Evidence& evidence, Policy platform) {
  if (platform.sgx.has_value()) platform.sgx->mr_enclave.clear();
  if (platform.tdx.has_value()) platform.tdx->mr_td.clear();
  if (platform.snp.has_value()) platform.snp->measurement.clear();
  if (platform.nitro.has_value()) platform.nitro->pcrs[0].clear();
  platform.configurations = {.any = true, .values = {}};
  switch (evidence.tee) {
    case Tee::kSgx:
      accept_enclave(evidence.quote, platform);
      break;
    case Tee::kTdx:
      accept_td(evidence.quote, platform);
      break;
    case Tee::kSnp:
      accept_guest(evidence.quote, platform);
      break;
    case Tee::kNitro:
      accept_nitro(evidence.quote, platform);
      break;
  }
  return platform;
}

}  // namespace blindai
