#include "net/collateral/requests.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr std::string_view kSgxPath = "/sgx/certification/v4";
constexpr std::string_view kTdxPath = "/tdx/certification/v4";
constexpr std::string_view kIntelHost = "api.trustedservices.intel.com";

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string join(std::string_view a, std::string_view b) {
  return std::string(a) + std::string(b);
}

}  // namespace

Result<CollateralServices> services_of(std::string_view pcs, std::string_view kds) {
  CollateralServices out;
  ASSIGN_OR_RETURN(out.pcs, parse_url(pcs));
  ASSIGN_OR_RETURN(out.kds, parse_url(kds));
  if (out.pcs.path.ends_with(kSgxPath)) out.pcs.path.resize(out.pcs.path.size() - kSgxPath.size());
  if (out.pcs.where.host == kIntelHost) {
    ASSIGN_OR_RETURN(out.root_crl, parse_url(kIntelRootCrl));
    out.root_crl_target = "/IntelSGXRootCA.der";
  } else {
    out.root_crl = out.pcs;
    out.root_crl_target = join(kSgxPath, "/rootcacrl");
  }
  return out;
}

std::vector<CollateralRequest> requests_for(Tee tee, const IntelPlatform& platform,
                                            const CollateralServices& at) {
  const std::string_view path = tee == Tee::kTdx ? kTdxPath : kSgxPath;
  return {
      {.service = at.pcs,
       .target = join(path, "/tcb?fmspc=") + upper(to_hex(platform.fmspc)),
       .form = DocumentForm::kTcbInfo,
       .body = &Collateral::tcb_info,
       .chain = &Collateral::tcb_info_chain},
      {.service = at.pcs,
       .target = join(path, "/qe/identity"),
       .form = DocumentForm::kQeIdentity,
       .body = &Collateral::qe_identity,
       .chain = &Collateral::qe_identity_chain},
      {.service = at.pcs,
       .target = join(kSgxPath, "/pckcrl?ca=") + platform.pck_ca + "&encoding=der",
       .form = DocumentForm::kIntelCrl,
       .body = &Collateral::pck_crl,
       .chain = &Collateral::pck_crl_chain},
      {.service = at.root_crl,
       .target = at.root_crl_target,
       .form = DocumentForm::kIntelCrl,
       .body = &Collateral::root_ca_crl,
       .chain = nullptr},
  };
}

std::vector<CollateralRequest> requests_for(const AmdPlatform& platform,
                                            const CollateralServices& at) {
  const std::string path = (platform.vlek ? "/vlek/v1/" : "/vcek/v1/") + platform.product;
  std::vector<CollateralRequest> out;
  if (!platform.vlek) {
    std::string target = path + "/" + platform.hwid + "?";
    if (platform.fmc.has_value()) target += "fmcSPL=" + std::to_string(*platform.fmc) + "&";
    target += "blSPL=" + std::to_string(platform.boot_loader) +
              "&teeSPL=" + std::to_string(platform.tee) +
              "&snpSPL=" + std::to_string(platform.snp) +
              "&ucodeSPL=" + std::to_string(platform.microcode);
    out.push_back({.service = at.kds,
                   .target = std::move(target),
                   .form = DocumentForm::kAmdVek,
                   .body = &Collateral::vek,
                   .chain = nullptr});
  }
  out.push_back({.service = at.kds,
                 .target = path + "/cert_chain",
                 .form = DocumentForm::kAmdChain,
                 .body = &Collateral::vek_chain,
                 .chain = nullptr});
  out.push_back({.service = at.kds,
                 .target = path + "/crl",
                 .form = DocumentForm::kAmdCrl,
                 .body = &Collateral::vek_crl,
                 .chain = nullptr});
  return out;
}

std::vector<std::string_view> issuer_chain_fields(DocumentForm form) {
  switch (form) {
    case DocumentForm::kTcbInfo:
      return {"tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain"};
    case DocumentForm::kQeIdentity:
      return {"sgx-enclave-identity-issuer-chain"};
    case DocumentForm::kIntelCrl:
      return {"sgx-pck-crl-issuer-chain"};
    default:
      return {};
  }
}

}  // namespace blindai
