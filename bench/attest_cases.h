// Evidence to measure with: each a platform, what it takes to judge it, and its signatures.
#pragma once

#include "bench/raw_signatures.h"
#include "lib/attest/verify.h"

namespace blindai {

struct AttestCase {
  std::string name;
  Evidence evidence;
  Bytes claims = {};
  Collateral collateral = {};
  Policy policy = {};
  TrustRoots roots = {};
  Time now = {};
  bool claims_known = false;  // false: the check "claims.report-data" fails, and it alone
  RawSignatures all = {};     // every signature that a verification checks
  RawSignatures last = {};    // the one that is another for each piece of evidence

  bool is_as_expected(const Verification& v) const;
};

// The simulation's, and those of ../shared (or $BLINDAI_SHARED); says on stderr what is not there.
// Aborts when one does not come out as expected.
std::vector<AttestCase> attest_cases();

}  // namespace blindai
