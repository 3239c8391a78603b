#include "bench/attest_cases.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "enclave/tee/simulation/snp_simulation.h"
#include "lib/attest/cose.h"
#include "lib/attest/dcap_quote.h"
#include "lib/attest/signed_json.h"
#include "lib/attest/snp_report.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"
#include "tests/support/nitro_pki.h"

namespace blindai {
namespace {

namespace fs = std::filesystem;

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  BLINDAI_CHECK(in.good());
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

fs::path shared_vectors() {
  const char* shared = std::getenv("BLINDAI_SHARED");
  return fs::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") / "vectors";
}

// A policy for whatever the platform's state is.
Policy widest_policy() {
  Policy out;
  out.tcb_statuses = {TcbStatus::kUpToDate,
                      TcbStatus::kSwHardeningNeeded,
                      TcbStatus::kConfigurationNeeded,
                      TcbStatus::kConfigurationAndSwHardeningNeeded,
                      TcbStatus::kOutOfDate,
                      TcbStatus::kOutOfDateConfigurationNeeded,
                      TcbStatus::kTdRelaunchAdvised,
                      TcbStatus::kTdRelaunchAdvisedConfigurationNeeded};
  out.advisories.any = true;
  out.max_evidence_age_s = 3600;
  return out;
}

void add_document(RawSignatures& to, const Certificate& signer, BytesView text,
                  std::string_view member) {
  const auto json = SignedJson::parse(text, member);
  BLINDAI_CHECK(json.has_value());
  to.add_ecdsa(signer.public_point(), json->signed_bytes(), json->signature());
}

// The ten signatures of a DCAP verification whose two documents come with one chain; nine when the
// root certificate is known.
void add_dcap_signatures(AttestCase& to) {
  const auto quote = parse_dcap_quote(to.evidence.quote);
  BLINDAI_CHECK(quote.has_value());
  const auto pck = parse_pem_chain(quote->certification);
  const auto signer = parse_pem_chain(to.collateral.tcb_info_chain);
  BLINDAI_CHECK(pck.has_value() && pck->size() == 3 && signer.has_value());
  BLINDAI_CHECK(equal(to.collateral.tcb_info_chain, to.collateral.qe_identity_chain));
  const BytesView root = (*pck)[2].der();
  if (!to.roots.know(root)) to.all.add_certificate(root, root);
  to.all.add_certificate((*pck)[1].der(), root);
  to.all.add_certificate((*pck)[0].der(), (*pck)[1].der());
  to.all.add_crl(to.collateral.root_ca_crl, root);
  to.all.add_crl(to.collateral.pck_crl, (*pck)[1].der());
  to.all.add_certificate((*signer)[0].der(), root);
  add_document(to.all, (*signer)[0], to.collateral.tcb_info, "tcbInfo");
  add_document(to.all, (*signer)[0], to.collateral.qe_identity, "enclaveIdentity");
  to.all.add_ecdsa((*pck)[0].public_point(), quote->qe_report_raw, quote->qe_report_signature);
  to.all.add_ecdsa(quote->attestation_key, quote->signed_part, quote->signature);
  to.last.add_ecdsa(quote->attestation_key, quote->signed_part, quote->signature);
}

// The seed of fuzz/verify.cc, which describes its layout.
AttestCase simulated_sgx() {
  AttestCase out{.name = "sgx-simulated", .evidence = {Tee::kSgx, {}}, .claims_known = true};
  const Bytes wire = read_file(BLINDAI_SOURCE_DIR "/fuzz/corpus/verify/sgx_v3");
  ByteReader r(wire);
  uint64_t now = 0;
  BLINDAI_CHECK(r.u64le(now));
  out.now = Time{static_cast<int64_t>(now)};
  for (Bytes* part :
       {&out.evidence.quote, &out.claims, &out.collateral.tcb_info, &out.collateral.tcb_info_chain,
        &out.collateral.qe_identity, &out.collateral.qe_identity_chain, &out.collateral.pck_crl,
        &out.collateral.root_ca_crl}) {
    uint32_t length = 0;
    BytesView view;
    BLINDAI_CHECK(r.u32le(length) && r.bytes(view, length));
    *part = to_bytes(view);
  }
  BLINDAI_CHECK(r.array(out.roots.intel_sgx.emplace_back()) && r.done());
  out.policy = widest_policy();
  out.policy.sgx.emplace().mr_enclave = {sha256(as_bytes("programs"))};
  add_dcap_signatures(out);
  return out;
}

struct Vector {
  const char* name;
  Tee tee;
  const char* quote;
  const char* collateral;
  Time now;
};

AttestCase dcap_vector(const Vector& v) {
  AttestCase out{.name = v.name, .evidence = {v.tee, {}}, .claims_known = false};
  const fs::path base = shared_vectors() / name_of(v.tee);
  const fs::path folder = base / "collateral" / v.collateral;
  out.now = v.now;
  out.roots = production_roots();
  out.evidence.quote = read_file(base / "quotes" / v.quote);
  out.collateral = {.tcb_info = read_file(folder / "tcb_info.json"),
                    .tcb_info_chain = read_file(folder / "tcb_signing_chain.pem"),
                    .qe_identity = read_file(folder / "qe_identity.json"),
                    .qe_identity_chain = read_file(folder / "qe_identity_issuer_chain.pem"),
                    .pck_crl = read_file(folder / "pck_crl.der"),
                    .root_ca_crl = read_file(folder / "root_ca_crl.der")};
  const auto quote = parse_dcap_quote(out.evidence.quote);
  BLINDAI_CHECK(quote.has_value());
  out.policy = widest_policy();
  if (const SgxReport* report = quote->sgx(); report != nullptr)
    out.policy.sgx.emplace().mr_enclave = {report->mr_enclave};
  if (const TdReport* td = quote->td(); td != nullptr) {
    TdxPolicy& tdx = out.policy.tdx.emplace();
    tdx.mr_td = {td->mr_td};
    for (auto& rtmr : tdx.rtmr) rtmr.any = true;
  }
  add_dcap_signatures(out);
  return out;
}

AttestCase simulated_snp() {
  AttestCase out{.name = "snp-simulated", .evidence = {Tee::kSnp, {}}, .claims_known = true};
  out.now = Time{1795000000};
  out.claims = Bytes(100, 7);
  out.roots = simulation_roots();
  const SnpSimulation platform({}, out.now);
  ByteArray<48> measurement;
  measurement.fill(0x42);
  SnpPolicy& snp = out.policy.snp.emplace();
  snp.measurement = {measurement};
  snp.min_tcb_milan = SnpSimulation::tcb(SnpProduct::kMilan);
  snp.min_tcb_genoa = SnpSimulation::tcb(SnpProduct::kGenoa);
  snp.min_tcb_turin = SnpSimulation::tcb(SnpProduct::kTurin);
  out.policy.max_evidence_age_s = 3600;
  out.collateral = platform.collateral();
  out.evidence.quote = platform.report(measurement, report_data_of(out.claims));

  const auto vek = Certificate::from_der(out.collateral.vek, X509Profile::kAmdVek);
  const auto chain = parse_pem_chain(out.collateral.vek_chain, X509Profile::kAmdCa);
  const auto report = parse_snp_report(out.evidence.quote);
  BLINDAI_CHECK(vek.has_value() && chain.has_value() && report.has_value());
  const BytesView ark = (*chain)[1].der();
  out.all.add_certificate(ark, ark);
  out.all.add_certificate((*chain)[0].der(), ark);
  out.all.add_certificate(vek->der(), (*chain)[0].der());
  out.all.add_crl(out.collateral.vek_crl, ark);
  out.all.add_ecdsa(vek->p384_point(), report->signed_part, report->signature);
  out.last.add_ecdsa(vek->p384_point(), report->signed_part, report->signature);
  return out;
}

AttestCase simulated_nitro() {
  AttestCase out{.name = "nitro-simulated", .evidence = {Tee::kNitro, {}}, .claims_known = true};
  out.now = Time{1795000000};
  out.claims = Bytes(100, 7);
  out.roots.aws_nitro = {nitro_test_root()};
  ByteArray<48> pcr0;
  pcr0.fill(1);
  out.policy.nitro.emplace().pcrs[0] = {pcr0};
  out.policy.max_evidence_age_s = 600;
  const NitroPlan plan(out.now, report_data_of(out.claims));
  out.evidence.quote = plan.document();

  const std::vector<Bytes> chain = plan.certificates();
  out.all.add_certificate(chain.front(), chain.front());
  for (size_t i = 1; i < chain.size(); ++i) out.all.add_certificate(chain[i], chain[i - 1]);
  const auto leaf = Certificate::from_der(chain.back(), X509Profile::kNitro);
  const auto message = parse_cose_sign1(out.evidence.quote);
  BLINDAI_CHECK(leaf.has_value() && message.has_value());
  for (RawSignatures* to : {&out.all, &out.last})
    to->add_ecdsa(leaf->p384_point(), cose_signed_bytes(*message), message->signature);
  return out;
}

}  // namespace

bool AttestCase::is_as_expected(const Verification& v) const {
  if (claims_known) return v.ok();
  for (const Check& c : v.checks())
    if ((c.state == CheckState::kPassed) == (c.name() == "claims.report-data")) return false;
  return true;
}

std::vector<AttestCase> attest_cases() {
  std::vector<AttestCase> out;
  out.push_back(simulated_sgx());
  out.push_back(simulated_snp());
  out.push_back(simulated_nitro());
  constexpr Vector kVectors[] = {
      {"sgx-real", Tee::kSgx, "dcap-qvl-sgx_quote.bin", "sgx-00a067110000-202506",
       Time{1751328000}},
      {"tdx-real", Tee::kTdx, "dcap-qvl-tdx_quote.bin", "tdx-b0c06f000000-202506",
       Time{1751328000}},
  };
  for (const Vector& v : kVectors) {
    if (fs::exists(shared_vectors() / name_of(v.tee)))
      out.push_back(dcap_vector(v));
    else
      std::fprintf(stderr, "%s is left out: no vectors in %s\n", v.name, shared_vectors().c_str());
  }
  for (const AttestCase& c : out) {
    const Verification v = verify(c.evidence, c.claims, c.collateral, c.policy, c.roots, c.now);
    if (!c.is_as_expected(v)) std::fprintf(stderr, "%s: %s\n", c.name.c_str(), to_json(v).c_str());
    BLINDAI_CHECK(c.is_as_expected(v));
  }
  return out;
}

}  // namespace blindai
