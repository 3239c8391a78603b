// Damaged models: cut anywhere, with any bit flipped.
#include <gtest/gtest.h>

#include "lib/onnx/check.h"
#include "tests/onnx_builder.h"

namespace blindai::onnx {
namespace {

std::vector<Bytes> small_models() {
  return {onnx_builder::loop(), onnx_builder::add({2}), onnx_builder::lookup(),
          onnx_builder::long_product()};
}

// The operator sets come last, so that no beginning is a model.
TEST(DamagedModel, CutAtAnyLengthIsRefused) {
  for (const Bytes& model : small_models()) {
    ASSERT_TRUE(check_model(model).has_value());
    for (size_t length = 0; length < model.size(); ++length) {
      // A copy of its own, so that a read beyond the end is one beyond its memory.
      const Bytes cut(model.begin(), model.begin() + static_cast<ptrdiff_t>(length));
      const auto checked = check_model(cut);
      ASSERT_FALSE(checked.has_value()) << length;
      EXPECT_FALSE(checked.error().sentence.empty());
    }
  }
}

TEST(DamagedModel, WithMoreAtTheEndIsRefused) {
  for (Bytes model : small_models()) {
    model.push_back(0);
    const auto checked = check_model(model);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().name(), "model.unknown-field");
  }
}

// A flipped bit may change a name or a number into another that is as good; nothing that is
// accepted has more parts than the model it came from has bytes.
TEST(DamagedModel, WithAnyBitFlippedIsRefusedOrStillBounded) {
  size_t refused = 0;
  size_t taken = 0;
  for (const Bytes& model : small_models()) {
    for (size_t bit = 0; bit < model.size() * 8; ++bit) {
      Bytes flipped = model;
      flipped[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
      const auto checked = check_model(flipped);
      if (!checked.has_value()) {
        ++refused;
        continue;
      }
      ++taken;
      EXPECT_LE(checked->counts.parts, model.size());
      EXPECT_LE(checked->tensor_bytes, model.size());
    }
  }
  EXPECT_GT(refused, taken);
  EXPECT_GT(taken, 0U);
}

}  // namespace
}  // namespace blindai::onnx
