#include "enclave/tee/simulation/simulation_platform.h"

#include <algorithm>

#include "lib/base/der_writer.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

// Intel writes the hexadecimal in its documents in capitals.
std::string upper_hex(BytesView bytes) {
  std::string out = to_hex(bytes);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

std::string text(std::string_view name, std::string_view value) {
  return json_quote(name) + ":" + json_quote(value);
}

std::string number(std::string_view name, uint64_t value) {
  return json_quote(name) + ":" + std::to_string(value);
}

std::string dates(Lifetime lifetime) {
  return text("issueDate", to_rfc3339(lifetime.from)) + "," +
         text("nextUpdate", to_rfc3339(lifetime.to));
}

std::string components(std::string_view name, const ByteArray<16>& svns) {
  std::string list;
  for (const uint8_t svn : svns) list += (list.empty() ? "{" : ",{") + number("svn", svn) + "}";
  return json_quote(name) + ":[" + list + "]";
}

// One element of "tcbLevels": {"tcb":{...},"tcbDate":...,"tcbStatus":...[,"advisoryIDs":[...]]}
std::string level(const std::string& tcb, std::string_view status,
                  const std::vector<std::string>& advisories) {
  std::string out = "{\"tcb\":{" + tcb + "}," + text("tcbDate", "2024-03-13T00:00:00Z") + "," +
                    text("tcbStatus", status);
  if (!advisories.empty()) {
    std::string list;
    for (const std::string& id : advisories) list += (list.empty() ? "" : ",") + json_quote(id);
    out += ",\"advisoryIDs\":[" + list + "]";
  }
  return out + "}";
}

// What stands in "tdxModule" and in each identity.
std::string module(const TdFaults& td) {
  return text("mrsigner", upper_hex(ByteArray<48>{})) + "," +
         text("attributes", upper_hex(ByteArray<8>{})) + "," +
         text("attributesMask", std::string(16, td.module_attributes_are_open ? '0' : 'F'));
}

// One element of "tdxModuleIdentities".
std::string module_identity(const TdFaults& td, std::string_view version,
                            const std::string& levels) {
  const std::string id = (td.module_ids_in_lower_case ? "tdx_" : "TDX_") + std::string(version);
  return "{" + text("id", id) + "," + module(td) + ",\"tcbLevels\":[" + levels + "]}";
}

std::string modules(const TdFaults& td) {
  std::string out = "\"tdxModule\":{" + module(td) + "}";
  if (td.no_module_identities) return out;
  const auto at = [](uint64_t svn) { return number("isvsvn", svn); };
  // Version 10 shows that the number is written in hexadecimal.
  return out + ",\"tdxModuleIdentities\":[" +
         module_identity(td, td.module_ids_in_lower_case ? "0a" : "0A",
                         level(at(1), "UpToDate", {})) +
         "," +
         module_identity(td, "01",
                         level(at(4), td.module_status, td.module_advisories) + "," +
                             level(at(2), "OutOfDate", {"INTEL-SA-01036"})) +
         "]";
}

Bytes sign(std::string_view member, const std::string& body, const SigningKey& signer,
           bool tampered) {
  ByteArray<64> signature = signer.sign_raw(as_bytes(body));
  if (tampered) signature.back() ^= 1;
  return to_bytes(as_bytes("{" + json_quote(member) + ":" + body + "," +
                           text("signature", to_hex(signature)) + "}"));
}

}  // namespace

Sha256Digest simulation_qe_signer() {
  return sha256(as_bytes("BlindAI simulation quoting enclave signer"));
}

Bytes simulation_tcb_info(Tee tee, const SimulationFaults& faults, Lifetime lifetime,
                          const SigningKey& signer) {
  ByteArray<6> fmspc = kSimulationFmspc;
  ByteArray<2> pce_id = kSimulationPceId;
  if (faults.tcb_info_of_other_fmspc) fmspc[0] = 0xff;
  if (faults.tcb_info_of_other_pce_id) pce_id[0] = 0xff;
  const bool tdx = (tee == Tee::kTdx) != faults.tcb_info_is_for_other_tee;
  const auto tcb = [&](ByteArray<16> svns, const ByteArray<16>& tdx_svns) {
    if (faults.below_every_tcb_level) svns[0] = 0xff;
    return components("sgxtcbcomponents", svns) + "," + number("pcesvn", kSimulationPceSvn) +
           (tdx ? "," + components("tdxtcbcomponents", tdx_svns) : "");
  };
  // The platform is at the first level; the second is where it was before an update.
  ByteArray<16> older = kSimulationComponents;
  older[0] = older[1] = 10;
  const std::string body =
      "{" + text("id", tdx ? "TDX" : "SGX") + "," + number("version", 3) + "," + dates(lifetime) +
      "," + text("fmspc", upper_hex(fmspc)) + "," + text("pceId", upper_hex(pce_id)) + "," +
      number("tcbType", 0) + "," + number("tcbEvaluationDataNumber", kSimulationTcbEvaluation) +
      (tdx ? "," + modules(faults.td) : "") + ",\"tcbLevels\":[" +
      level(tcb(kSimulationComponents, {5, 0, 7}), faults.tcb_status, faults.advisories) + "," +
      level(tcb(older, {3, 0, 6}), faults.older_tcb_status, {"INTEL-SA-00828"}) + "]}";
  return sign("tcbInfo", body, signer, faults.tampered == SignedPart::kTcbInfo);
}

Bytes simulation_qe_identity(Tee tee, const SimulationFaults& faults, Lifetime lifetime,
                             const SigningKey& signer) {
  // Under the mask DEBUG must be clear and PROVISION_KEY does not matter (bit 2, MODE64BIT, is the
  // one Intel leaves open); xfrm is open.
  constexpr ByteArray<16> kMask = {0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0,    0,    0,    0,    0,    0,    0,    0};
  ByteArray<16> attributes = {};
  for (size_t i = 0; i < attributes.size(); ++i)
    attributes[i] = kSimulationQeAttributes[i] & kMask[i];
  const bool tdx = (tee == Tee::kTdx) != faults.qe_identity_is_for_other_tee;
  const uint64_t evaluation = kSimulationTcbEvaluation - (faults.other_tcb_evaluation ? 1 : 0);
  const auto svn = [&](uint16_t value) {
    return number("isvsvn", faults.qe_below_every_level ? 100u + value : value);
  };
  const std::string body =
      "{" + text("id", tdx ? "TD_QE" : "QE") + "," + number("version", 2) + "," + dates(lifetime) +
      "," + number("tcbEvaluationDataNumber", evaluation) + "," + text("miscselect", "00000000") +
      "," + text("miscselectMask", "FFFFFFFF") + "," + text("attributes", upper_hex(attributes)) +
      "," + text("attributesMask", upper_hex(kMask)) + "," +
      text("mrsigner", upper_hex(simulation_qe_signer())) + "," +
      number("isvprodid", simulation_qe_product(tee)) + ",\"tcbLevels\":[" +
      level(svn(kSimulationQeSvn), faults.qe_status, faults.qe_advisories) + "," +
      level(svn(kSimulationQeSvn - 2), "OutOfDate", {"INTEL-SA-00615"}) + "]}";
  return sign("enclaveIdentity", body, signer, faults.tampered == SignedPart::kQeIdentity);
}

Bytes simulation_pck_extension(const SimulationFaults& faults) {
  constexpr std::string_view kArc = "1.2.840.113741.1.13.1";
  const auto field = [&](std::string_view arc, const Bytes& value) {
    return der_sequence({der_oid(std::string(kArc) + std::string(arc)), value});
  };
  ByteArray<16> svns = kSimulationComponents;
  if (faults.at_older_tcb_level) svns[0] = 10;
  std::vector<Bytes> tcb;
  for (size_t i = 0; i < svns.size(); ++i)
    tcb.push_back(field(".2." + std::to_string(i + 1), der_integer(svns[i])));
  tcb.push_back(field(".2.17", der_integer(kSimulationPceSvn)));
  tcb.push_back(field(".2.18", der_octet_string(kSimulationComponents)));
  const Sha256Digest ppid = sha256(as_bytes("BlindAI simulation platform"));
  return der_sequence(
      {field(".1", der_octet_string(BytesView(ppid).first(16))), field(".2", der_sequence(tcb)),
       field(".3", der_octet_string(kSimulationPceId)),
       field(".4", der_octet_string(kSimulationFmspc)), field(".5", der_enumerated(0))});
}

}  // namespace blindai
