// The formats of quotes that the simulated platform can make.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"

namespace blindai {

// kSgxV3 is what a simulated server gives out; the others are for tests.
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

// MRTD of a simulated TD: the measurement, then 16 zero bytes.
inline ByteArray<48> simulation_mr_td(const Sha256Digest& measurement) {
  ByteArray<48> out{};
  for (size_t i = 0; i < measurement.size(); ++i) out[i] = measurement[i];
  return out;
}

}  // namespace blindai
