#include "lib/oip/datatype.h"

#include <gtest/gtest.h>
#include <limits>

namespace blindai {
namespace {

TEST(Datatype, EachHasItsNameAndSize) {
  const std::pair<std::string_view, size_t> rows[] = {
      {"BOOL", 1}, {"UINT8", 1}, {"UINT16", 2}, {"UINT32", 4}, {"UINT64", 8},
      {"INT8", 1}, {"INT16", 2}, {"INT32", 4},  {"INT64", 8},  {"FP16", 2},
      {"BF16", 2}, {"FP32", 4},  {"FP64", 8},   {"BYTES", 0}};
  ASSERT_EQ(std::size(rows), kNumDatatypes);
  for (size_t i = 0; i < kNumDatatypes; ++i) {
    const auto datatype = static_cast<Datatype>(i);
    EXPECT_EQ(name_of(datatype), rows[i].first);
    EXPECT_EQ(element_size(datatype), rows[i].second);
    EXPECT_EQ(datatype_from_name(rows[i].first), datatype);
  }
}

TEST(Datatype, OtherNamesAreNone) {
  for (std::string_view name : {"", "fp32", "FLOAT", "FP32 ", "TYPE_FP32", "STRING", "INT4"})
    EXPECT_EQ(datatype_from_name(name), std::nullopt) << name;
}

TEST(NumElements, MultipliesWithinTheLimit) {
  const auto count = [](std::vector<int64_t> shape, uint64_t limit) {
    return num_elements(shape, limit);
  };
  EXPECT_EQ(count({}, 10), 1u);
  EXPECT_EQ(count({2, 5}, 10), 10u);
  EXPECT_EQ(count({2, 5}, 9), std::nullopt);
  EXPECT_EQ(count({0, 5}, 9), 0u);
  EXPECT_EQ(count({-1, 5}, 9), std::nullopt);
  EXPECT_EQ(count({1}, 0), std::nullopt);
}

TEST(NumElements, DoesNotOverflow) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  const auto count = [](std::vector<int64_t> shape) { return num_elements(shape, kAll); };
  EXPECT_EQ(count({kMost, 2}), static_cast<uint64_t>(kMost) * 2);
  EXPECT_EQ(count({kMost, 3}), std::nullopt);
  EXPECT_EQ(count({kMost, kMost}), std::nullopt);
  EXPECT_EQ(count({int64_t{1} << 32, int64_t{1} << 32}), std::nullopt);
  // A zero elsewhere does not hide a product that is too large, nor a negative dimension.
  EXPECT_EQ(count({0, kMost, kMost}), std::nullopt);
  EXPECT_EQ(count({0, -1}), std::nullopt);
}

}  // namespace
}  // namespace blindai
