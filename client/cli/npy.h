// NumPy's array files (.npy, versions 1.0, 2.0 and 3.0).
// Source   numpy/lib/format.py, "Format Version 1.0" to "3.0".   Pure.
//
//   bool, (u)int8..64, float16..64   BOOL, (U)INT8..64, FP16..64, little-endian, C order
//   bytes ('S') and str ('U')        BYTES, UTF-8, without NumPy's trailing zeros
// NumPy has no bfloat16: BF16 is written as float32, which holds it exactly.
#pragma once

#include "client/cpp/connection.h"

namespace blindai {

inline constexpr size_t kMaxNpyHeader = 64 * 1024;
inline constexpr size_t kMaxNpyRank = 32;

// The whole file; the tensor's name is left empty. Errors: kMalformed "npy.layout" (with trailing
// bytes too: a second array in one file would be lost unseen), "npy.header", "npy.text"; kInvalid
// "npy.version", "npy.datatype", "npy.fortran-order".
Outcome<Tensor> read_npy(BytesView wire);

// Version 1.0. Errors: kInvalid "npy.string" for a string that ends in a zero, which NumPy's fixed
// width strings cannot hold, and "npy.size".
Outcome<Bytes> write_npy(const Tensor& tensor);

}  // namespace blindai
