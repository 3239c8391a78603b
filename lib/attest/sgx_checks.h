// The checks of SGX evidence: their names, order and what to do about a failure.
// docs/attestation.md says what each one compares and where the rule comes from.
#pragma once

#include "lib/attest/verifier.h"

namespace blindai {

// In the order in which they are judged and listed.
enum class SgxCheck : uint8_t {
  kQuoteLayout,
  kQuoteVersion,
  kQuoteKeyType,
  kQuoteTeeType,
  kQuoteVendor,
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
  kTcbLevel,
  kTcbStatus,
  kPolicyTee,
  kPolicyTcbStatus,
  kPolicyAdvisories,
  kPolicyEvaluationNumber,
  kPolicyDebug,
  kPolicyMeasurement,
  kPolicySigner,
  kPolicyProduct,
  kPolicySvn,
  kPolicyMiscSelect,
  kPolicyAttributes,
  kClaims,
  kCount,
};

// One specification per check, indexed by SgxCheck.
std::span<const CheckSpec> sgx_check_specs();

}  // namespace blindai
