// The keys at which trust in evidence ends.
#pragma once

#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

// SHA-256 of the SubjectPublicKeyInfo (DER) of each accepted root, per vendor. An empty list
// accepts no evidence of that vendor. A verifier has no other notion of "simulation" or "test":
// those are other values of this type.
struct TrustRoots {
  std::vector<Sha256Digest> intel_sgx = {};  // "Intel SGX Root CA", for SGX and TDX
  // AMD root keys (ARK), one list per product: a Genoa report does not verify under Milan's root.
  std::vector<Sha256Digest> amd_milan = {};
  std::vector<Sha256Digest> amd_genoa = {};
  std::vector<Sha256Digest> amd_turin = {};
  std::vector<Sha256Digest> aws_nitro = {};  // "aws.nitro-enclaves" Root-G1

  // SHA-256 of root certificates (DER) that are known byte for byte, of keys in the lists above.
  // That they are signed by their own key was seen when they were put here, and is not computed
  // again; another certificate of such a key has its signature checked. May be empty.
  std::vector<Sha256Digest> known_certificates = {};

  // Whether this certificate is one of them.
  bool know(BytesView certificate) const;

  bool operator==(const TrustRoots&) const = default;
};

// The vendors' own roots, and nothing else.
TrustRoots production_roots();

}  // namespace blindai
