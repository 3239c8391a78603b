// Models that others made: the shared real ones, the demo's, and ONNX's own backend tests as Debian
// packs them (libonnx-testdata). Each is left out by name where it is not there.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "lib/onnx/check.h"

namespace blindai::onnx {
namespace {

namespace fs = std::filesystem;

Bytes file_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  Bytes out(fs::file_size(path));
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  EXPECT_TRUE(in.good()) << path;
  return out;
}

class RealModel : public ::testing::TestWithParam<const char*> {};

TEST_P(RealModel, IsTaken) {
  const char* shared = std::getenv("BLINDAI_SHARED");
  const fs::path file = fs::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") /
                        "models" / (std::string(GetParam()) + ".onnx");
  if (!fs::exists(file))
    GTEST_SKIP() << "no shared model assets: " << GetParam() << " is not checked";
  const Bytes model = file_bytes(file);
  const auto checked = check_model(model);
  ASSERT_TRUE(checked.has_value()) << checked.error().sentence;
  EXPECT_GT(checked->counts.nodes, 10U);
  EXPECT_LT(checked->tensor_bytes, model.size());
  EXPECT_GT(checked->tensor_bytes, model.size() / 4);
}

INSTANTIATE_TEST_SUITE_P(All, RealModel,
                         ::testing::Values("efficientnet_lite0", "efficientnet_lite0_u8",
                                           "magika_v3_3", "minilm_l6_v2_int8", "name_encoder_gru",
                                           "ppocr_cls_v2", "rawi_v3_int8", "silero_vad"),
                         [](const auto& test) { return std::string(test.param); });

TEST(DemoModel, IsTaken) {
  const fs::path file = BLINDAI_SOURCE_DIR "/.cache/models/efficientnet_lite0.onnx";
  if (!fs::exists(file)) GTEST_SKIP() << "the demo has not run: its EfficientNet is not checked";
  const auto checked = check_model(file_bytes(file));
  ASSERT_TRUE(checked.has_value()) << checked.error().sentence;
  EXPECT_GT(checked->counts.nodes, 90U);
}

// The backend tests that are refused, and the rule: operators for training.
constexpr std::array<std::string_view, 9> kRefused = {
    "node/test_adagrad",
    "node/test_adagrad_multiple",
    "node/test_adam",
    "node/test_adam_multiple",
    "node/test_momentum",
    "node/test_momentum_multiple",
    "node/test_nesterov_momentum",
    "simple/test_gradient_of_add",
    "simple/test_gradient_of_add_and_mul",
};
constexpr std::string_view kRule = "model.domain";

TEST(BackendTestModels, AreTakenButForThoseThatTrain) {
  const char* given = std::getenv("BLINDAI_ONNX_TESTDATA");
  const fs::path folder = given != nullptr ? given : "/usr/share/libonnx-testdata/data";
  if (!fs::exists(folder))
    GTEST_SKIP() << "libonnx-testdata is not installed: ONNX's backend test models are not checked";
  size_t taken = 0;
  size_t refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string name = entry.path().parent_path().lexically_relative(folder).string();
    const auto checked = check_model(file_bytes(entry.path()));
    if (std::ranges::find(kRefused, name) == kRefused.end()) {
      EXPECT_TRUE(checked.has_value()) << name << ": " << checked.error().sentence;
      ++taken;
    } else {
      ASSERT_FALSE(checked.has_value()) << name;
      EXPECT_EQ(checked.error().name(), kRule) << name;
      ++refused;
    }
  }
  EXPECT_GT(taken, 1000U);
  EXPECT_EQ(refused, kRefused.size());
}

}  // namespace
}  // namespace blindai::onnx
