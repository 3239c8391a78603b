// The book of checks that the per-TEE verifiers write into. Private to lib/attest: callers use
// verify.h.
#pragma once

#include "lib/attest/verify.h"

namespace blindai {

struct CheckSpec {
  Id id;
  Code code;  // of a failure
};

// Starts with every check "not reached". Evidence comes out only if each of them was marked passed,
// so a check that is forgotten refuses.
class Verifier {
 public:
  Verifier(std::span<const CheckSpec> specs, Time now);

  // Marks check `index`; gives `passed` back. A check is marked once.
  bool mark(size_t index, bool passed, std::string expected, std::string found);
  bool passed(size_t index) const;

  Time now() const { return result_.at_; }
  // `facts` are kept when every check passed, and dropped otherwise.
  Verification finish(std::optional<VerifiedEvidence::Facts> facts) &&;

 private:
  Verification result_;
};

// SGX and TDX evidence (dcap_verification.cc). The parameters as verify() has them.
Verification verify_dcap(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                         const Policy& policy, const TrustRoots& roots, Time now);
// SEV-SNP evidence (snp_verification.cc). The parameters as verify() has them.
Verification verify_snp(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                        const Policy& policy, const TrustRoots& roots, Time now);

}  // namespace blindai
