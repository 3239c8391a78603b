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

// The parts of TEE_TCB_SVN that differ between TDs: byte 0, 1 and 2.
struct TdSvn {
  uint8_t module_svn = 4;
  uint8_t module_version = 1;
  uint8_t component_2 = 7;
};

// Of a TD, its module and what TDX's TCB info says of them. Intel's documents have, as here, a
// platform's best level whose component 0 is above the module's SVN: only whoever leaves components
// 0 and 1 out where the module has a version finds the platform up to date.
struct TdFaults {
  TdSvn launch = {};
  TdSvn current = {};  // TDX 1.5
  std::string module_status = "UpToDate";
  std::vector<std::string> module_advisories = {};
  bool module_ids_in_lower_case = false;    // no fault: Intel's own verifier takes either
  bool no_module_identities = false;        // as in documents from before there were any
  bool module_of_other_signer = false;      // MRSIGNERSEAM
  bool module_with_attributes = false;      // SEAMATTRIBUTES
  bool module_attributes_are_open = false;  // the documents' mask is zero
  uint64_t attributes = uint64_t{1} << 28;  // ATTRIBUTES: SEPT_VE_DISABLE
  bool bound_to_service_td = false;         // MRSERVICETD; TDX 1.5
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
  bool pck_without_platform = false;  // no extension that says which platform it is for

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
  bool tcb_info_is_for_other_tee = false;
  std::string tcb_status = "UpToDate";
  std::vector<std::string> advisories = {};
  std::string older_tcb_status = "OutOfDate";  // of the level below the platform's
  bool at_older_tcb_level = false;             // by an SGX component
  bool below_every_tcb_level = false;

  // QE identity and the QE's report.
  InForce qe_identity = InForce::kNow;
  bool other_tcb_evaluation = false;  // the two documents have different numbers
  bool qe_identity_is_for_other_tee = false;
  bool qe_of_other_signer = false;
  bool qe_with_other_attributes = false;
  bool qe_with_other_misc_select = false;
  bool qe_of_other_product = false;
  std::string qe_status = "UpToDate";
  std::vector<std::string> qe_advisories = {};
  bool qe_below_every_level = false;
  bool qe_vouches_for_other_key = false;  // report_data is not the attestation key's hash

  // The report of the enclave or TD.
  bool debug = false;
  TdFaults td = {};

  std::optional<SignedPart> tampered = {};
};

}  // namespace blindai
