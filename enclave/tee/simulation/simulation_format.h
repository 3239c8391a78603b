// The formats of quotes that the simulated platform can make.
#pragma once

#include "lib/attest/evidence.h"

namespace blindai {

// kSgxV3 and kTdxV4 are what a simulated server gives out; the others are for tests.
enum class SimulatedQuote : uint8_t { kSgxV3, kSgxV4, kSgxV5, kTdxV4, kTdxV5Td10, kTdxV5Td15 };

constexpr Tee tee_of(SimulatedQuote format) {
  return format >= SimulatedQuote::kTdxV4 ? Tee::kTdx : Tee::kSgx;
}

constexpr uint16_t version_of(SimulatedQuote format) {
  switch (format) {
    case SimulatedQuote::kSgxV3:
      return 3;
    case SimulatedQuote::kSgxV4:
    case SimulatedQuote::kTdxV4:
      return 4;
    case SimulatedQuote::kSgxV5:
    case SimulatedQuote::kTdxV5Td10:
    case SimulatedQuote::kTdxV5Td15:
      break;
  }
  return 5;
}

}  // namespace blindai
