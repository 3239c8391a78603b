// The checks of SEV-SNP evidence: their names, order and what to do about a failure.
// docs/attestation-snp.md says what each one compares and where the rule comes from.
#pragma once

#include "lib/attest/verifier.h"

namespace blindai {

// In the order in which they are judged and listed.
enum class SnpCheck : uint8_t {
  kReportLength,
  kReportVersion,
  kReportReserved,
  kReportAlgorithm,
  kReportSigningKey,
  kReportChipKey,
  kReportAuthorKey,
  kReportGuestPolicy,
  kReportSignatureRange,
  kReportProduct,
  kVekLayout,
  kChainLayout,
  kCrlLayout,
  kVekExtensions,
  kVekProduct,
  kVekRole,
  kChainNames,
  kChainConstraints,
  kChainSignatures,
  kChainRoot,
  kChainValidity,
  kCrlIssuer,
  kCrlSignature,
  kCrlValidity,
  kCaNotRevoked,
  kVekNotRevoked,
  kReportSignature,
  kVekTcb,
  kVekChip,
  kTcbLayout,
  kTcbOrder,
  kFirmwareOrder,
  kPolicyTee,
  kPolicyProduct,
  kPolicyTcb,
  kPolicyLaunchTcb,
  kPolicyDebug,
  kPolicyVmpl,
  kPolicyVlek,
  kPolicyMigration,
  kPolicySmt,
  kPolicyMeasurement,
  kPolicyGuestSvn,
  kPolicyHostData,
  kPolicyIdKey,
  kPolicyAuthorKey,
  kPolicyFamilyId,
  kPolicyImageId,
  kPolicyChipId,
  kPolicyMitigations,
  kPolicyAzure,
  kClaims,
  kCount,
};

// One specification per check, indexed by SnpCheck.
std::span<const CheckSpec> snp_check_specs();

}  // namespace blindai
