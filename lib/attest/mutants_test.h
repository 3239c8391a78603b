// For tests: which mutants of good evidence are tried, and how one is judged.
//
// A mutant differs from its original in one place, and everything else in it was verified before.
// So each is judged as a client does it that has seen the original: with a cache that has the
// original's parts and nothing else. What was changed is read and checked again, the rest costs
// nothing, which is what makes it affordable to try every bit. Every kSample-th mutant is judged
// without the cache as well, and both have to say the same, check by check.
#pragma once

#include <cstdlib>

#include "lib/attest/verify_twice_test.h"
#include "tests/support/sanitizers.h"

namespace blindai {

// BLINDAI_MUTANTS=all: every bit of everything, which takes minutes.
inline bool all_mutants_wanted() {
  const char* which = std::getenv("BLINDAI_MUTANTS");
  return which != nullptr && std::string_view(which) == "all";
}

// The first check that fails now and did not before; empty when there is none, that is, when the
// change went unnoticed.
inline std::string_view noticed_by(const Verification& before, const Verification& after) {
  for (size_t i = 0; i < after.checks().size(); ++i)
    if (after.checks()[i].state == CheckState::kFailed &&
        before.checks()[i].state != CheckState::kFailed)
      return after.checks()[i].name();
  return {};
}

class MutantJudge {
 public:
  static constexpr size_t kSample = 251;  // a prime, so that the bit of a byte changes

  // What is in order but for what the caller accepts and claims is remembered.
  Verification original(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                        const Policy& policy, const TrustRoots& roots, Time now) {
    Verification out = verify(evidence, claims, collateral, policy, roots, now, cache_);
    known_ = cache_.entries();
    return out;
  }

  Verification mutant(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                      const Policy& policy, const TrustRoots& roots, Time now) {
    Verification out = verify(evidence, claims, collateral, policy, roots, now, cache_);
    // A mutant that got in would be one that passed.
    EXPECT_EQ(cache_.entries(), known_);
    if (num_judged_++ % kSample == 0) {
      EXPECT_EQ(to_json(verify(evidence, claims, collateral, policy, roots, now)), to_json(out));
    }
    return out;
  }

 private:
  VerificationCache cache_;
  size_t known_ = 0;
  size_t num_judged_ = 0;
};

}  // namespace blindai
