// Ways in which a simulated platform can be wrong, so that tests can show that each is noticed. The
// default is a platform in good order; every field set is one deviation from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace blindai {

enum class InForce : uint8_t { kNow, kNotYet, kNoLonger };

// A part that somebody signed; one bit of its signature can be wrong.
enum class SignedPart : uint8_t {
  kPlatformCa,
  kPck,
  kTcbSigning,
  kRootCrl,
  kPckCrl,
  kTcbInfo,
  kQeIdentity,
  kQeReport,
  kQuote,
};

struct SimulationFaults {
  // Chain.
  bool other_root = false;  // a root of the same name with another key
  InForce root = InForce::kNow;
  InForce platform_ca = InForce::kNow;
  InForce pck = InForce::kNow;
  InForce tcb_signing = InForce::kNow;
  // Common names in place of the ones a verifier expects.
  std::optional<std::string> root_name = {};
  std::optional<std::string> platform_ca_name = {};
  std::optional<std::string> pck_name = {};
  std::optional<std::string> tcb_signing_name = {};
  bool platform_ca_is_no_ca = false;

  // Revocation.
  bool pck_revoked = false;
  bool platform_ca_revoked = false;
  bool tcb_signing_revoked = false;
  InForce root_crl = InForce::kNow;
  InForce pck_crl = InForce::kNow;
  bool pck_crl_of_processor_ca = false;  // in order, but of the CA that did not issue this PCK
  bool root_crl_of_platform_ca = false;

  // TCB info.
  InForce tcb_info = InForce::kNow;
  bool tcb_info_of_other_fmspc = false;
  bool tcb_info_of_other_pce_id = false;
  bool tcb_info_is_for_tdx = false;
  std::string tcb_status = "UpToDate";
  std::vector<std::string> advisories = {};
  bool below_every_tcb_level = false;

  // QE identity and the QE's report.
  InForce qe_identity = InForce::kNow;
  bool other_tcb_evaluation = false;  // the two documents have different numbers
  bool qe_identity_is_for_tdx = false;
  bool qe_of_other_signer = false;
  bool qe_with_other_attributes = false;
  bool qe_with_other_misc_select = false;
  bool qe_of_other_product = false;
  std::string qe_status = "UpToDate";
  std::vector<std::string> qe_advisories = {};
  bool qe_below_every_level = false;
  bool qe_vouches_for_other_key = false;  // report_data is not the attestation key's hash

  // The enclave's own report.
  bool debug = false;

  std::optional<SignedPart> tampered = {};
};

}  // namespace blindai
