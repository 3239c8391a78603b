// What the simulated vendors' certificates have in common. Internal to enclave/tee/simulation.
#pragma once

#include <string>

#include "enclave/tee/simulation/simulation_platform.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {

inline constexpr int64_t kHour = 3600;  // seconds
inline constexpr int64_t kDay = 24 * kHour;
inline constexpr int64_t kYear = 365 * kDay;

// A life of `life` seconds, of which `now` is in the part that `when` says.
inline Lifetime lifetime_around(Time now, InForce when, int64_t life) {
  switch (when) {
    case InForce::kNotYet:
      return {now + kDay, now + life};
    case InForce::kNoLonger:
      return {now + -life, now + -kDay};
    case InForce::kNow:
      break;
  }
  return {now + -kHour, now + life};
}

inline X509Name simulation_name(std::string common_name) {
  return {.common_name = std::move(common_name),
          .organization = "BlindAI simulation",
          .locality = "Nowhere",
          .state = "None",
          .country = "ZZ"};
}

// The last byte of a certificate or CRL belongs to the signature.
inline Bytes tampered_if(bool yes, Bytes der) {
  if (yes) der.back() ^= 1;
  return der;
}

}  // namespace blindai
