// The policy that accepts a simulated server's programs and nothing else.   Pure.
#pragma once

#include "lib/attest/policy.h"

namespace blindai {

// For evidence of kSgx, kTdx or kSnp over `measurement` (lib/measure): a platform that is up to
// date, without advisories or debugging. The caller adds what the measurement does not say:
// configurations and max_evidence_age_s, without which it accepts nothing.
Policy simulation_policy(Tee tee, const Sha256Digest& measurement);

}  // namespace blindai
