// What lib/onnx takes is given to ONNX Runtime: it may refuse it too, but it must not fall.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "enclave/infer/worker_fixture.h"
#include "lib/onnx/check.h"
#include "tests/onnx_builder.h"

namespace blindai {
namespace {

namespace fs = std::filesystem;

using DamagedModel = WorkerTest;

// A refusal of ONNX Runtime's own, or none: "infer.model-died" is a worker that fell.
void expect_standing(const Outcome<void>& outcome, const std::string& what) {
  if (outcome.has_value()) return;
  const std::string_view name = outcome.error().name();
  EXPECT_TRUE(name == "infer.model-malformed" || name == "infer.model-unsupported" ||
              name == "infer.model-limit")
      << what << ": " << name << ": " << outcome.error().sentence;
}

// Every bit of a small model is flipped; of what the check takes, a sample spread over the file is
// loaded by a real worker.
TEST_F(DamagedModel, ThatTheCheckTakesDoesNotEndTheWorker) {
  constexpr size_t kSample = 60;
  const Bytes model = onnx_builder::loop();
  std::vector<size_t> taken;
  for (size_t bit = 0; bit < model.size() * 8; ++bit) {
    Bytes flipped = model;
    flipped[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    if (onnx::check_model(flipped).has_value()) taken.push_back(bit);
  }
  ASSERT_GT(taken.size(), kSample);
  for (size_t i = 0; i < kSample; ++i) {
    const size_t bit = taken[i * taken.size() / kSample];
    Bytes flipped = model;
    flipped[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    std::unique_ptr<Worker> worker;
    expect_standing(start(worker, std::move(flipped)), "bit " + std::to_string(bit));
  }
}

// ONNX's backend test models, as Debian packs them: one in thirty.
TEST_F(DamagedModel, BackendTestModelsAreLoadedOrRefused) {
  const char* given = std::getenv("BLINDAI_ONNX_TESTDATA");
  const fs::path folder = given != nullptr ? given : "/usr/share/libonnx-testdata/data";
  if (!fs::exists(folder))
    GTEST_SKIP() << "libonnx-testdata is not installed: ONNX's backend test models are not loaded";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  std::ranges::sort(files);
  ASSERT_FALSE(files.empty());
  for (size_t i = 0; i < files.size(); i += 30) {
    std::ifstream in(files[i], std::ios::binary);
    Bytes model((std::istreambuf_iterator<char>(in)), {});
    if (!onnx::check_model(model).has_value()) continue;
    std::unique_ptr<Worker> worker;
    expect_standing(start(worker, std::move(model)), files[i].string());
  }
}

}  // namespace
}  // namespace blindai
