#include "lib/oip/datatype.h"

#include <array>

namespace blindai {
namespace {

struct Row {
  std::string_view name;
  size_t size;
};
// In the order of the enumeration.
constexpr std::array<Row, kNumDatatypes> kRows = {{{"BOOL", 1},
                                                   {"UINT8", 1},
                                                   {"UINT16", 2},
                                                   {"UINT32", 4},
                                                   {"UINT64", 8},
                                                   {"INT8", 1},
                                                   {"INT16", 2},
                                                   {"INT32", 4},
                                                   {"INT64", 8},
                                                   {"FP16", 2},
                                                   {"BF16", 2},
                                                   {"FP32", 4},
                                                   {"FP64", 8},
                                                   {"BYTES", 0}}};

}  // namespace

std::string_view name_of(Datatype datatype) {
  return kRows[static_cast<size_t>(datatype)].name;
}

std::optional<Datatype> datatype_from_name(std::string_view name) {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<Datatype>(i);
  return std::nullopt;
}

size_t element_size(Datatype datatype) {
  return kRows[static_cast<size_t>(datatype)].size;
}

std::optional<uint64_t> num_elements(std::span<const int64_t> shape, uint64_t limit) {
  uint64_t product = 1;
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (static_cast<uint64_t>(dim) > limit / product) return std::nullopt;
    product *= static_cast<uint64_t>(dim);
  }
  return empty ? 0 : product;
}

}  // namespace blindai
