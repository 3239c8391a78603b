// What the per-TEE verifiers write into. Private to lib/attest: callers use
// verify.h.
#pragma once

#include "lib/attest/check_book.h"
#include "lib/attest/verify.h"

namespace blindai {

class Recall;  // recall.h

// The book of one verification at one time.
class Verifier {
 public:
  Verifier(std::span<const CheckSpec> specs, Time now) : book_(specs), now_(now) {}

  bool mark(size_t index, bool passed, std::string expected, std::string found) {
    return book_.mark(index, passed, std::move(expected), std::move(found));
  }
  bool passed(size_t index) const { return book_.passed(index); }

  Time now() const { return now_; }
  // `facts` are kept when every check passed, and dropped otherwise.
  Verification finish(std::optional<VerifiedEvidence::Facts> facts) &&;

 private:
  CheckBook book_;
  Time now_;
};

// SGX and TDX evidence (dcap_verification.cc). The parameters as verify() has them.
Verification verify_dcap(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                         const Policy& policy, const TrustRoots& roots, Time now, Recall& recall);
// SEV-SNP evidence (snp_verification.cc). The same.
Verification verify_snp(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                        const Policy& policy, const TrustRoots& roots, Time now, Recall& recall);

// AWS Nitro evidence (nitro_verification.cc), which carries its own chain and needs no collateral.
Verification verify_nitro(const Evidence& evidence, BytesView claims, const Policy& policy,
                          const TrustRoots& roots, Time now, Recall& recall);

}  // namespace blindai
