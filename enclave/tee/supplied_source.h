// A source of evidence whose collateral comes from a supply: of what the hardware's own interfaces
// give, and so for the last evidence that they gave.
#pragma once

#include <optional>

#include "enclave/tee/collateral_supply.h"
#include "enclave/tee/evidence_source.h"
#include "enclave/tee/kernel/kernel.h"

namespace blindai {

class SuppliedSource : public EvidenceSource {
 public:
  bool is_simulation() const override { return false; }
  // Errors: the supply's; those of evidence(), which is asked when there has been none.
  Result<Collateral> collateral() override {
    if (!last_.has_value()) {
      RETURN_IF_ERROR(evidence({}));
    }
    return supply_.complete(*last_, came_along());
  }

 protected:
  // Both outlive it.
  SuppliedSource(Kernel& kernel, CollateralSupply& supply) : kernel_(kernel), supply_(supply) {}

  Evidence keep(Bytes quote) {
    last_ = Evidence{tee(), std::move(quote)};
    return *last_;
  }
  const Evidence& last() const { return *last_; }  // once evidence() has succeeded
  // Collateral that came with the last evidence.
  virtual Collateral came_along() const { return {}; }

  Kernel& kernel_;

 private:
  CollateralSupply& supply_;
  std::optional<Evidence> last_;
};

}  // namespace blindai
