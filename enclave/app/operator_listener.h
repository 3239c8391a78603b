// The socket of the operator's own listener (enclave/serve/operator_service.h).
#pragma once

#include <string>

#include "lib/base/result.h"

namespace blindai {

// A listening socket on `address`. What is told there is no secret of a user's, but nobody else's
// business either: an address that other machines reach has to be asked for with `anywhere`.
// Errors: kInvalid "app.metrics-address" for such an address; those of listen_on(), naming the
// option.
Outcome<int> listen_for_operator(const std::string& address, bool anywhere);

}  // namespace blindai
