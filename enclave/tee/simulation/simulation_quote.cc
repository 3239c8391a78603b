#include "enclave/tee/simulation/simulation_pki.h"
#include "enclave/tee/simulation/simulation_platform.h"
#include "lib/base/byte_reader.h"
#include "lib/measure/measure.h"

namespace blindai {
namespace {

constexpr uint16_t kEcdsaP256 = 2;
constexpr uint16_t kPemChain = 5;
constexpr uint16_t kCertifiedQe = 6;
constexpr uint32_t kTdx = 0x81;
constexpr uint8_t kDebug = 0x02;
// The vendor id of Intel's quoting enclave; verifiers accept no other.
constexpr ByteArray<16> kQeVendor = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                     0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

struct Report {
  ByteArray<4> misc_select;
  ByteArray<16> attributes;  // flags then xfrm
  ByteArray<32> mr_enclave;
  ByteArray<32> mr_signer;
  uint16_t isv_prod_id;
  uint16_t isv_svn;
  ByteArray<64> report_data;
};

// 384 bytes: Intel SDM volume 3D, REPORT, up to and with REPORTDATA.
void put_report(Bytes& out, const Report& report) {
  append(out, kSimulationComponents);  // CPUSVN
  append(out, report.misc_select);
  put_zeros(out, 28);
  append(out, report.attributes);
  append(out, report.mr_enclave);
  put_zeros(out, 32);
  append(out, report.mr_signer);
  put_zeros(out, 96);
  put_u16le(out, report.isv_prod_id);
  put_u16le(out, report.isv_svn);
  put_zeros(out, 60);
  append(out, report.report_data);
}

Report qe_report(Tee tee, const SimulationFaults& faults, const ByteArray<64>& attestation_key,
                 BytesView authentication) {
  Report out = {.misc_select = {},
                .attributes = kSimulationQeAttributes,
                .mr_enclave = sha256(as_bytes("BlindAI simulation quoting enclave")),
                .mr_signer = simulation_qe_signer(),
                .isv_prod_id = simulation_qe_product(tee),
                .isv_svn = kSimulationQeSvn,
                .report_data = {}};
  Sha256 hash;
  hash.update(attestation_key);
  hash.update(authentication);
  const Sha256Digest digest = hash.finish();
  std::copy(digest.begin(), digest.end(), out.report_data.begin());
  if (faults.qe_of_other_signer) out.mr_signer[0] ^= 1;
  if (faults.qe_with_other_attributes) out.attributes[0] |= kDebug;
  if (faults.qe_with_other_misc_select) out.misc_select[0] ^= 1;
  if (faults.qe_of_other_product) out.isv_prod_id = 0x7777;
  if (faults.qe_vouches_for_other_key) out.report_data[0] ^= 1;
  return out;
}

Report enclave_report(const SimulationFaults& faults, const ByteArray<32>& mr_enclave,
                      const ByteArray<64>& report_data) {
  // INIT and MODE64BIT.
  Report out = {.misc_select = {},
                .attributes = {0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0},
                .mr_enclave = mr_enclave,
                .mr_signer = sha256(as_bytes("BlindAI simulation enclave signer")),
                .isv_prod_id = 0,
                .isv_svn = 0,
                .report_data = report_data};
  if (faults.debug) out.attributes[0] |= kDebug;
  return out;
}

ByteArray<16> tee_tcb_svn(const TdSvn& svn) {
  return {svn.module_svn, svn.module_version, svn.component_2};
}

// TDX 1.0: 584 bytes; TDX 1.5: 648. Intel TDX Module ABI, TDREPORT.
void put_td_report(Bytes& out, bool td15, const SimulationFaults& faults,
                   const ByteArray<48>& mr_td, const ByteArray<64>& report_data) {
  const TdFaults& td = faults.td;
  const auto register_of = [&out](std::string_view name) {
    append(out, sha256(as_bytes("BlindAI simulation " + std::string(name))));
    put_zeros(out, 16);
  };
  append(out, tee_tcb_svn(td.launch));
  register_of("TDX module");  // MRSEAM
  put_u8(out, td.module_of_other_signer ? 1 : 0);
  put_zeros(out, 47);
  put_u64le(out, td.module_with_attributes ? 1 : 0);
  put_u64le(out, td.attributes | (faults.debug ? 1 : 0));
  put_u64le(out, 0x0602e7);  // XFAM
  append(out, mr_td);
  put_zeros(out, 3 * 48);  // MRCONFIGID, MROWNER, MROWNERCONFIG
  for (const ByteArray<48>& rtmr : simulated_rtmrs()) append(out, rtmr);
  append(out, report_data);
  if (!td15) return;
  append(out, tee_tcb_svn(td.current));
  if (td.bound_to_service_td)
    register_of("service TD");
  else
    put_zeros(out, 48);
}

Bytes header_of(SimulatedQuote format) {
  Bytes out;
  put_u16le(out, version_of(format));
  put_u16le(out, kEcdsaP256);
  put_u32le(out, tee_of(format) == Tee::kTdx ? kTdx : 0);
  put_u16le(out, kSimulationQeSvn);
  put_u16le(out, kSimulationPceSvn);
  append(out, kQeVendor);
  put_zeros(out, 20);
  if (version_of(format) < 5) return out;
  const bool td15 = format == SimulatedQuote::kTdxV5Td15;
  const bool sgx = format == SimulatedQuote::kSgxV5;
  put_u16le(out, sgx ? 1 : td15 ? 3 : 2);
  put_u32le(out, sgx ? 384 : td15 ? 648 : 584);
  return out;
}

}  // namespace

Bytes SimulationPki::quote(const Sha256Digest& measurement,
                           const ByteArray<64>& report_data) const {
  const SigningKey attestation_key = simulation_key("attestation key");
  const SigningKey pck = simulation_key("PCK");
  const Tee tee = tee_of(format_);
  Bytes out = header_of(format_);
  if (tee == Tee::kTdx)
    put_td_report(out, format_ == SimulatedQuote::kTdxV5Td15, faults_,
                  wide_measurement(measurement), report_data);
  else
    put_report(out, enclave_report(faults_, measurement, report_data));
  ByteArray<64> signature = attestation_key.sign_raw(out);
  if (faults_.tampered == SignedPart::kQuote) signature.back() ^= 1;

  Bytes authentication(32);  // Intel's QE puts 32 bytes here; their content means nothing
  for (size_t i = 0; i < authentication.size(); ++i) authentication[i] = static_cast<uint8_t>(i);
  Bytes certified;
  put_report(certified, qe_report(tee, faults_, attestation_key.public_point(), authentication));
  ByteArray<64> report_signature = pck.sign_raw(certified);
  if (faults_.tampered == SignedPart::kQeReport) report_signature.back() ^= 1;
  append(certified, report_signature);
  put_u16le(certified, static_cast<uint16_t>(authentication.size()));
  append(certified, authentication);
  put_u16le(certified, kPemChain);
  put_u32le(certified, static_cast<uint32_t>(pck_chain_.size()));
  append(certified, as_bytes(pck_chain_));

  Bytes tail;
  append(tail, signature);
  append(tail, attestation_key.public_point());
  if (version_of(format_) > 3) {
    put_u16le(tail, kCertifiedQe);
    put_u32le(tail, static_cast<uint32_t>(certified.size()));
  }
  append(tail, certified);
  put_u32le(out, static_cast<uint32_t>(tail.size()));
  append(out, tail);
  return out;
}

}  // namespace blindai
