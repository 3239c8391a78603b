#include "enclave/infer/reply_check.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

using worker_protocol::Done;
using worker_protocol::TensorPlace;

const std::vector<TensorSpec> kSpecs = {{"y", Datatype::kFp32, {-1}},
                                        {"s", Datatype::kBytes, {-1}}};
constexpr OutputArea kArea = {4096, 4096};

std::string check(const std::vector<TensorPlace>& places, const std::vector<uint16_t>& requested) {
  const Status status = check_outputs(Done{.outputs = places}, requested, kSpecs, kArea);
  return status ? "" : std::string(status.error().name());
}
std::string check(const TensorPlace& place) {
  return check({place}, {0});
}

TEST(ReplyCheck, TakesOutputsUpToBothEndsOfTheArea) {
  EXPECT_EQ(check({0, Datatype::kFp32, {1024}, 4096, 4096}), "");
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, 8188, 4}), "");
  EXPECT_EQ(check({0, Datatype::kFp32, {0}, 8192, 0}), "");
  EXPECT_EQ(check({0, Datatype::kFp32, {}, 4096, 4}), "");
  EXPECT_EQ(
      check({{1, Datatype::kBytes, {2}, 4096, 8}, {0, Datatype::kFp32, {1}, 4200, 4}}, {1, 0}), "");
}

TEST(ReplyCheck, RefusesPlacesOutsideTheArea) {
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, 4092, 4}), "infer.reply-place");
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, 8189, 4}), "infer.reply-place");
  EXPECT_EQ(check({0, Datatype::kFp32, {0}, 8193, 0}), "infer.reply-place");
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, UINT64_MAX, 4}), "infer.reply-place");
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, 4096, UINT64_MAX}), "infer.reply-place");
  EXPECT_EQ(check({0, Datatype::kFp32, {1}, 4100, UINT64_MAX - 4099}), "infer.reply-place");
}

TEST(ReplyCheck, RefusesLengthsThatAreNotTheShapes) {
  EXPECT_EQ(check({0, Datatype::kFp32, {2}, 4096, 4}), "infer.reply-length");
  EXPECT_EQ(check({0, Datatype::kFp32, {1LL << 62, 4}, 4096, 0}), "infer.reply-length");
  EXPECT_EQ(check({0, Datatype::kFp32, {1LL << 62, 4, 0}, 4096, 4}), "infer.reply-length");
  EXPECT_EQ(check({0, Datatype::kFp32, {-1}, 4096, 4}), "infer.reply-length");
  EXPECT_EQ(check({{1, Datatype::kBytes, {3}, 4096, 8}}, {1}), "infer.reply-length");
}

TEST(ReplyCheck, RefusesOtherOutputsAndDatatypes) {
  const TensorPlace y = {0, Datatype::kFp32, {1}, 4096, 4};
  EXPECT_EQ(check({y, y}, {0}), "infer.reply-outputs");
  EXPECT_EQ(check({}, {0}), "infer.reply-outputs");
  EXPECT_EQ(check({y}, {1}), "infer.reply-outputs");
  EXPECT_EQ(check({0, Datatype::kInt32, {1}, 4096, 4}), "infer.reply-datatype");
}

TEST(InputCheck, LeavesUnknownRankToOnnxRuntime) {
  const std::vector<TensorSpec> specs = {{"x", Datatype::kFp32, {}}};
  EXPECT_TRUE(check_inputs({{0, Datatype::kFp32, {2, 2}, 0, 16}}, specs, 16));
  EXPECT_FALSE(check_inputs({{0, Datatype::kFp32, {2, 2}, 0, 16}}, specs, 15));
}

TEST(InputCheck, NamesTheTensorInItsSentence) {
  const std::vector<TensorSpec> specs = {{"pixels", Datatype::kFp32, {-1, 3}}};
  const auto checked = check_inputs({{0, Datatype::kFp32, {2, 4}, 0, 32}}, specs, 64);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().sentence,
            "Input 'pixels' has shape [2, 4]; the model takes [-1, 3] (-1: any size).");
}

}  // namespace
}  // namespace blindai
