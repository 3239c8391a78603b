// Tensor elements: from JSON values to packed little-endian bytes, and back.
#pragma once

#include <span>
#include <string>

#include "lib/oip/tensor.h"

namespace blindai {

// Bytes of the length before each string of a BYTES tensor.
inline constexpr uint64_t kStringPrefix = 4;

// What a JSON value is, as far as tensors care. One bit each.
enum ElementKind : uint8_t {
  kElementBool = 1,
  kElementInteger = 2,      // fits int64 or uint64
  kElementHugeInteger = 4,  // an integer beyond them
  kElementFraction = 8,     // written with a point or an exponent
  kElementString = 16,
  kElementNull = 32,
};

// A number as JSON's text has it.
struct NumberText {
  ElementKind kind;
  std::string_view text;
  double rough = 0;          // its value, perhaps off by a few units in the last place
  int64_t as_signed = 0;     // kElementInteger, when negative or small enough
  uint64_t as_unsigned = 0;  // kElementInteger, when not negative
  bool negative = false;
};

// The kinds that make an element of this datatype in JSON; 0 for FP16 and BF16, which have no JSON
// form (as in Triton).
uint8_t json_kinds_of(Datatype datatype);

// Writes one element at `to`, element_size(datatype) bytes. False when the number is outside the
// datatype: integers out of range or not integers, numbers that round to infinity. Integers
// written with a point or an exponent ("1.0", "1e3") are not integers, as in Triton. Decimals are
// rounded correctly to the datatype itself; tiny ones become zero.
bool write_json_number(Datatype datatype, const NumberText& number, uint8_t* to);

// True when `data` is exactly `count` strings in BYTES form. Each length is read once, so it is
// safe on memory that changes meanwhile (its answer then is worth nothing).
bool is_bytes_tensor(BytesView data, uint64_t count);

// True when `data` has the size that datatype and shape ask for; of BYTES, at least the room for
// the lengths. Overflow counts as false.
bool has_tensor_size(Datatype datatype, std::span<const int64_t> shape, uint64_t num_bytes);

// Appends the elements as "[..]", flat. `data` may lie in memory that another process changes: what
// is written is JSON in any case. Errors: kInvalid "oip.tensor-no-json" (FP16, BF16),
// "oip.tensor-not-finite", "oip.tensor-not-utf8": the sentence advises binary; kInternal
// "oip.tensor-bytes" when `data` does not fit.
Outcome<void> append_json_data(std::string& out, const TensorRef& tensor, uint64_t num_elements);

}  // namespace blindai
