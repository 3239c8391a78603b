// The root keys under which simulated evidence is signed. It proves nothing: their private halves
// can be derived by anyone (enclave/tee/simulation). A client trusts them only when its user asked
// for simulation, and then runs every check that real evidence gets.   Pure.
#pragma once

#include "lib/attest/trust_roots.h"
#include "lib/base/bytes.h"

namespace blindai {

// SHA-256 of the SubjectPublicKeyInfo of the root key that stands for Intel's.
extern const Sha256Digest kSimulationRootSpkiHash;

// That root and, for each of AMD's products, the one that stands for its ARK. No others: real
// evidence does not verify under them.
TrustRoots simulation_roots();

}  // namespace blindai
