// The root key under which simulated evidence is signed. It proves nothing: its private half can be
// derived by anyone (enclave/tee/simulation). A client trusts it only when its user asked for
// simulation, and then runs every check that real evidence gets.   Pure.
#pragma once

#include "lib/attest/trust_roots.h"
#include "lib/base/bytes.h"

namespace blindai {

// SHA-256 of the root key's SubjectPublicKeyInfo.
extern const Sha256Digest kSimulationRootSpkiHash;

// That root and no other: real evidence does not verify under it.
TrustRoots simulation_roots();

}  // namespace blindai
