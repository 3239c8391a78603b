// Where the enclave gets the vendor's collateral for its own evidence: hints of the host, which may
// be anything. The client judges them (lib/attest/verify.h); here they are only passed on.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/base/result.h"

namespace blindai {

class CollateralSupply {
 public:
  virtual ~CollateralSupply() = default;
  // `known` completed to what evidence of this TEE needs: parts that are in it stay. May block.
  virtual Result<Collateral> complete(const Evidence& evidence, Collateral known) = 0;
};

}  // namespace blindai
