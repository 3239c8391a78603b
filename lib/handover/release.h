// How owners name the release that their models may be handed over to, and the policy under which
// such a release is judged. Pure.
#pragma once

#include "lib/attest/policy.h"
#include "lib/attest/verify.h"

namespace blindai {

// SHA-256 over "blindai-release-v1", a zero byte, the TEE's name, a zero byte, what names the
// program there (see below) and the SHA-256 of its measured configuration. The configuration is in
// it because it decides whom that program hands over to in its turn.
//   sgx    MRENCLAVE                    snp    MEASUREMENT
//   tdx    MRTD, then RTMR 0 to 3       nitro  PCR 0
Sha256Digest release_id(const VerifiedEvidence& evidence, const Sha256Digest& config_hash);
// The same for an SGX enclave or the simulation, whose MRENCLAVE is known beforehand.
Sha256Digest release_id_sgx(const Sha256Digest& mr_enclave, const Sha256Digest& config_hash);

// What is asked of a platform where a configuration says nothing: the strictest there is. SEV-SNP
// is refused under it, since its floors have to be said (docs/formats/policy.md).
Policy strictest_platform();

// `platform` for the one program that this evidence, unverified, names, with any configuration:
// evidence that verifies under it is what release_id() may be asked about. Of `platform` all but
// the accepted programs stays. Evidence that cannot be read gives a policy that accepts nothing.
Policy policy_for_program_in(const Evidence& evidence, Policy platform);

}  // namespace blindai
