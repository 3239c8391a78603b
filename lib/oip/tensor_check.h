// What server and client alike check of one tensor of a document.
#pragma once

#include "lib/oip/document.h"

namespace blindai {

// The bytes a tensor of this datatype and shape has in memory, once its form has been checked.
// Of `noun` ("input", "output"), named in sentences.
// Errors: kMalformed "oip.field-missing" (name, shape or datatype absent), "oip.data-twice" (both
// data and binary_data_size), "oip.data-missing" (neither), "oip.shape" (beyond every
// memory); kTooLarge "oip.tensor-size" (beyond the limit);
// kInvalid "oip.data-no-json" (FP16, BF16 as JSON), "oip.data-type" (elements of another type),
// "oip.data-count" (count or nesting), "oip.byte-count" (binary_data_size against the shape).
Outcome<uint64_t> checked_tensor_bytes(std::string_view noun, const OipTensor& tensor,
                                       const InferLimits& limits);

// Contents that a size cannot tell. Errors: kInvalid "oip.bytes-layout" (BYTES that is not exactly
// as many strings as the shape has elements), "oip.bool-byte" (a BOOL that is neither 0 nor 1).
Outcome<void> check_tensor_contents(std::string_view noun, std::string_view name, Datatype datatype,
                                    std::span<const int64_t> shape, BytesView data);

}  // namespace blindai
