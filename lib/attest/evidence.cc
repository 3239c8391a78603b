#include "lib/attest/evidence.h"

namespace blindai {
namespace {

constexpr CollateralPart kIntel[] = {
    {"tcb_info", &Collateral::tcb_info},
    {"tcb_info_chain", &Collateral::tcb_info_chain},
    {"qe_identity", &Collateral::qe_identity},
    {"qe_identity_chain", &Collateral::qe_identity_chain},
    {"pck_crl", &Collateral::pck_crl},
    {"pck_crl_chain", &Collateral::pck_crl_chain},
    {"root_ca_crl", &Collateral::root_ca_crl},
};
constexpr CollateralPart kAmd[] = {
    {"vek", &Collateral::vek},
    {"vek_chain", &Collateral::vek_chain},
    {"vek_crl", &Collateral::vek_crl},
};

}  // namespace

std::string_view name_of(Tee tee) {
  switch (tee) {
    case Tee::kSgx:
      return "sgx";
    case Tee::kTdx:
      return "tdx";
    case Tee::kSnp:
      return "snp";
    case Tee::kNitro:
      return "nitro";
  }
  return "unknown";
}

std::span<const CollateralPart> collateral_parts(Tee tee) {
  switch (tee) {
    case Tee::kSgx:
    case Tee::kTdx:
      return kIntel;
    case Tee::kSnp:
      return kAmd;
    case Tee::kNitro:
      break;
  }
  return {};
}

}  // namespace blindai
