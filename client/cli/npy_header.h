// The header of a .npy file: a Python dictionary literal. Internal to npy.cc.   Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace blindai {

struct NpyHeader {
  std::string descr;  // "<f4"
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// Exactly the three keys, each once; a trailing comma and white space as NumPy writes them.
// Errors: kMalformed "npy.header"; kInvalid "npy.datatype" for the list that describes a record.
Result<NpyHeader> parse_npy_header(std::string_view text);

}  // namespace blindai
