// For tests: a CollateralSupply that remembers what it was asked for.
#pragma once

#include <vector>

#include "enclave/tee/collateral_supply.h"

namespace blindai {

class FakeSupply final : public CollateralSupply {
 public:
  std::vector<Evidence> asked = {};
  Collateral known = {};  // of the last call
  bool fails = false;

  Result<Collateral> complete(const Evidence& evidence, Collateral with) override {
    asked.push_back(evidence);
    known = with;
    if (fails) return fail(Code::kUnavailable, "test.supply");
    return with;
  }
};

}  // namespace blindai
