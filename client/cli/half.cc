#include "client/cli/half.h"

#include <bit>
#include <cmath>

namespace blindai {

float from_half(uint16_t bits) {
  const float sign = (bits & 0x8000u) != 0 ? -1.0f : 1.0f;
  const int exponent = (bits >> 10) & 0x1f;
  const auto fraction = static_cast<float>(bits & 0x3ffu);
  if (exponent == 0x1f)
    return fraction == 0 ? sign * HUGE_VALF : std::copysign(std::nanf(""), sign);
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024.0f + fraction, exponent - 25);
}

uint16_t to_half(float value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000u : 0u);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00u);
  // Half-way between the largest finite half and the next power of two.
  if (magnitude >= 65520.0f) return static_cast<uint16_t>(sign | 0x7c00u);
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude is in [2^(exponent-1), 2^exponent)
  const int scale = magnitude < 0x1p-14f ? 24 : 11 - exponent;
  // Exact: a power of two away. nearbyint rounds ties to even in the default mode.
  const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, scale)));
  // Normal numbers carry their leading bit, 1024, into the exponent; so does rounding up.
  const uint32_t base = magnitude < 0x1p-14f ? 0u : static_cast<uint32_t>(exponent + 13) << 10;
  return static_cast<uint16_t>(sign | (base + units));
}

float from_bfloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace blindai
