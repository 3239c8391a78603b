// A self-signed P-256 certificate without evidence, for tests of TLS itself.
#pragma once

#include "lib/crypto/crypto.h"

namespace blindai {

Bytes make_test_certificate(const SigningKey& key);

}  // namespace blindai
