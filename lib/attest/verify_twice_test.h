// For tests: verify() without a cache and with one that the whole test program shares. Whatever was
// verified before, in whatever order, both have to say the same.
#pragma once

#include <gtest/gtest.h>

#include "lib/attest/verify.h"

namespace blindai {

inline VerificationCache& shared_cache() {
  static VerificationCache cache;
  return cache;
}

inline Verification verify_twice(const Evidence& evidence, BytesView claims,
                                 const Collateral& collateral, const Policy& policy,
                                 const TrustRoots& roots, Time now) {
  Verification plain = verify(evidence, claims, collateral, policy, roots, now);
  const Verification cached =
      verify(evidence, claims, collateral, policy, roots, now, shared_cache());
  EXPECT_EQ(to_json(cached), to_json(plain));
  return plain;
}

}  // namespace blindai
