// The checks of evidence by Intel DCAP quote, SGX's and TDX's: one enum for both, and for each TEE
// a table with the names and order of the checks it has, and what to do about a failure.
// docs/attestation.md and docs/attestation-tdx.md say what each one compares and where the rule
// comes from.
#pragma once

#include <array>

#include "lib/attest/verifier.h"

namespace blindai {

// Those of one TEE only are in the other's table absent.
enum class DcapCheck : uint8_t {
  kQuoteLayout,
  kQuoteVersion,
  kQuoteKeyType,
  kQuoteTeeType,
  kQuoteVendor,
  kQuoteBody,
  kQuoteCertification,
  kPckChain,
  kPckNames,
  kPckConstraints,
  kPckSignatures,
  kPckRoot,
  kPckValidity,
  kPckExtension,
  kRootCrlLayout,
  kRootCrlIssuer,
  kRootCrlSignature,
  kRootCrlValidity,
  kPckCaNotRevoked,
  kPckCrlLayout,
  kPckCrlIssuer,
  kPckCrlSignature,
  kPckCrlValidity,
  kPckNotRevoked,
  kTcbChain,
  kTcbSigner,
  kTcbSignerValidity,
  kTcbSignerNotRevoked,
  kTcbEnvelope,
  kTcbSignature,
  kTcbLayout,
  kTcbIdentity,
  kTcbValidity,
  kTcbFmspc,
  kTcbPceId,
  kQeChain,
  kQeSigner,
  kQeSignerValidity,
  kQeSignerNotRevoked,
  kQeEnvelope,
  kQeSignature,
  kQeLayout,
  kQeIdentityId,
  kQeValidity,
  kEvaluationNumber,
  kQeReportSignature,
  kQeBinding,
  kQeMiscSelect,
  kQeAttributes,
  kQeMrSigner,
  kQeProduct,
  kQeLevel,
  kQuoteSignature,
  // TDX: the module that runs the TD.
  kModuleIdentity,
  kModuleMrSigner,
  kModuleAttributes,
  kModuleAttributesZero,
  kModuleLevel,
  kTcbLevel,
  kTcbCurrent,  // TDX
  kTcbStatus,
  kPolicyTee,
  kPolicyTcbStatus,
  kPolicyAdvisories,
  kPolicyEvaluationNumber,
  kPolicyDebug,
  kPolicyMeasurement,
  // SGX.
  kPolicySigner,
  kPolicyProduct,
  kPolicySvn,
  kPolicyMiscSelect,
  // TDX.
  kPolicyRtmr0,
  kPolicyRtmr1,
  kPolicyRtmr2,
  kPolicyRtmr3,
  kPolicySeam,
  kPolicyConfigId,
  kPolicyOwner,
  kPolicyOwnerConfig,
  kPolicyServiceTd,
  kPolicySeptVeDisable,
  kPolicyMigration,
  kPolicyPerfmon,
  kPolicyReservedAttributes,
  kPolicyXfam,
  kPolicyAzure,
  // Both.
  kPolicyAttributes,
  kClaims,
  kCount,
};

// The checks of one TEE, in the order in which they are listed.
struct DcapTable {
  static constexpr uint8_t kAbsent = 0xff;

  std::span<const CheckSpec> specs;
  std::array<uint8_t, static_cast<size_t>(DcapCheck::kCount)> index;  // into specs, or kAbsent
};

const DcapTable& sgx_checks();
const DcapTable& tdx_checks();

}  // namespace blindai
