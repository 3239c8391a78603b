// 16-bit floats, which C++ of this standard has no type for. Bits in the low half of the machine's
// order. Source: IEEE 754-2019 binary16; bfloat16 is the upper half of binary32.   Pure.
#pragma once

#include <cstdint>

namespace blindai {

float from_half(uint16_t bits);
// Rounds to nearest, ties to even; too large becomes infinity.
uint16_t to_half(float value);
float from_bfloat16(uint16_t bits);
// Rounds to nearest, ties to even.
uint16_t to_bfloat16(float value);

}  // namespace blindai
