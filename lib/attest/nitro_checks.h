// The checks of AWS Nitro evidence: their names, order and what to do about a failure.
// docs/attestation-nitro.md says what each one compares and where the rule comes from.
#pragma once

#include "lib/attest/verifier.h"

namespace blindai {

// In the order in which they are judged and listed.
enum class NitroCheck : uint8_t {
  kDocumentLayout,
  kDocumentAlgorithm,
  kDocumentSignatureForm,
  kPayloadLayout,
  kPayloadKind,
  kPayloadDigest,
  kPayloadPcrs,
  kPayloadTimestamp,
  kChainLayout,
  kChainRoot,
  kChainNames,
  kChainConstraints,
  kChainValidity,
  kDocumentSignature,
  kChainSignatures,
  kNotFromFuture,
  kPolicyAge,
  kPolicyTee,
  kPolicyDebug,
  kPolicyMeasurement,
  kPolicyPcrs,
  kClaims,
  kCount,
};

// One specification per check, indexed by NitroCheck.
std::span<const CheckSpec> nitro_check_specs();

}  // namespace blindai
