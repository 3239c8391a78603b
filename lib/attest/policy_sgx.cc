#include "lib/attest/policy_reader.h"
#include "lib/attest/policy_writer.h"

namespace blindai {
namespace {

constexpr PolicySpec kMrEnclave{"mr_enclave",
                                "mr_enclave = [\"<measurement, 64 hexadecimal digits>\"]"};
constexpr PolicySpec kMrSigner{"mr_signer", "mr_signer = \"<64 hexadecimal digits>\""};
constexpr PolicySpec kProdId{"isv_prod_id", "isv_prod_id = 0"};
constexpr PolicySpec kMinSvn{"min_isv_svn", "min_isv_svn = 1"};
constexpr PolicySpec kMiscSelect{"misc_select",
                                 "misc_select = { value = \"00000000\", mask = \"ffffffff\" }"};
constexpr PolicySpec kSgxAttributes{
    "attributes", "attributes = { value = \"<32 digits>\", mask = \"<32 digits>\" }"};
}  // namespace

Outcome<SgxPolicy> read_sgx_policy(const PolicyField& table) {
  PolicyTable r(table, " (section sgx)");
  SgxPolicy out;
  ASSIGN_OR_RETURN(const std::vector<std::string> measurements, r.texts(kMrEnclave, 1));
  for (const std::string& text : measurements) {
    ASSIGN_OR_RETURN(const ByteArray<32> one, r.hex_value<32>(kMrEnclave, text));
    out.mr_enclave.push_back(one);
  }
  if (r.has(kMrSigner)) {
    ASSIGN_OR_RETURN(out.mr_signer, r.hex<32>(kMrSigner));
  }
  if (r.has(kProdId)) {
    ASSIGN_OR_RETURN(const int64_t id, r.integer(kProdId, 0, UINT16_MAX));
    out.isv_prod_id = static_cast<uint16_t>(id);
  }
  if (r.has(kMinSvn)) {
    ASSIGN_OR_RETURN(const int64_t svn, r.integer(kMinSvn, 0, UINT16_MAX));
    out.min_isv_svn = static_cast<uint16_t>(svn);
  }
  if (r.has(kMiscSelect)) {
    ASSIGN_OR_RETURN(out.misc_select, r.masked<4>(kMiscSelect));
  }
  if (r.has(kSgxAttributes)) {
    ASSIGN_OR_RETURN(out.attributes, r.masked<16>(kSgxAttributes));
  }
  RETURN_IF_ERROR(r.finish());
  return out;
}

std::string write_sgx_policy(const SgxPolicy& sgx) {
  std::string out = "\n[sgx]\nmr_enclave = " + policy_hex_list(sgx.mr_enclave) + "\n";
  if (sgx.mr_signer.has_value()) out += "mr_signer = \"" + to_hex(*sgx.mr_signer) + "\"\n";
  if (sgx.isv_prod_id.has_value())
    out += "isv_prod_id = " + std::to_string(*sgx.isv_prod_id) + "\n";
  if (sgx.min_isv_svn.has_value())
    out += "min_isv_svn = " + std::to_string(*sgx.min_isv_svn) + "\n";
  if (sgx.misc_select.has_value()) out += "misc_select = " + policy_masked(*sgx.misc_select) + "\n";
  if (sgx.attributes.has_value()) out += "attributes = " + policy_masked(*sgx.attributes) + "\n";
  return out;
}

}  // namespace blindai
