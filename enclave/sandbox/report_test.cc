#include "enclave/sandbox/report.h"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <set>

namespace blindai {
namespace {

SandboxReport whole() {
  SandboxReport report;
  for (const Layer layer : all_layers()) report[layer] = LayerState::applied();
  return report;
}

TEST(SandboxReport, EveryLayerHasItsPlaceAndANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kNumLayers; ++i) {
    EXPECT_EQ(static_cast<size_t>(all_layers()[i]), i);
    names.insert(name_of(all_layers()[i]));
  }
  EXPECT_EQ(names.size(), kNumLayers);
  EXPECT_EQ(static_cast<size_t>(Layer::kCgroup) + 1, kNumLayers);
}

// What is not said is missing: a report that nobody filled in satisfies nothing.
TEST(SandboxReport, NothingIsAppliedUnlessItIsSaid) {
  EXPECT_GE(missing(SandboxReport(), SandboxLevel::kBasic).size(), 8u);
  EXPECT_GE(missing(SandboxReport(), SandboxLevel::kFull).size(), 15u);
  EXPECT_TRUE(missing(whole(), SandboxLevel::kFull).empty());
}

TEST(SandboxReport, EachRequiredLayerIsMissedAlone) {
  for (const SandboxLevel level : {SandboxLevel::kBasic, SandboxLevel::kFull}) {
    for (const Layer layer : all_layers()) {
      for (const LayerState state : {LayerState(), LayerState::refused(EPERM)}) {
        SandboxReport report = whole();
        report[layer] = state;
        const std::vector<Layer> expected = is_required(layer, level) && layer != Layer::kUser
                                                ? std::vector{layer}
                                                : std::vector<Layer>();
        EXPECT_EQ(missing(report, level), expected) << name_of(layer);
      }
    }
  }
}

TEST(SandboxReport, AUserNamespaceStandsInForAnotherUser) {
  SandboxReport report = whole();
  report[Layer::kUser] = LayerState::refused(EPERM);
  EXPECT_TRUE(missing(report, SandboxLevel::kBasic).empty());
  report[Layer::kUserNamespace] = LayerState::refused(EPERM);
  EXPECT_EQ(missing(report, SandboxLevel::kBasic), std::vector{Layer::kUser});
}

TEST(SandboxReport, FullRequiresWhatBasicDoesAndNoLevelGoesWithoutTheFilter) {
  for (const Layer layer : all_layers())
    EXPECT_LE(is_required(layer, SandboxLevel::kBasic), is_required(layer, SandboxLevel::kFull));
  EXPECT_TRUE(is_required(Layer::kSeccomp, SandboxLevel::kBasic));
  EXPECT_TRUE(is_required(Layer::kNoNewPrivileges, SandboxLevel::kBasic));
  EXPECT_FALSE(is_required(Layer::kPidNamespace, SandboxLevel::kBasic));
  EXPECT_TRUE(is_required(Layer::kPidNamespace, SandboxLevel::kFull));
  EXPECT_TRUE(is_required(Layer::kLandlockFiles, SandboxLevel::kFull));
}

TEST(SandboxReport, ARefusalAlwaysHasAnErrorAndSaysWhatItMeans) {
  EXPECT_EQ(LayerState::refused(0).error, EIO);
  EXPECT_EQ(LayerState::refused(-1).error, EIO);
  EXPECT_EQ(LayerState::refused(4096).error, EIO);
  EXPECT_EQ(LayerState::refused(EPERM).error, EPERM);
  EXPECT_EQ(describe(LayerState::applied()), "applied");
  EXPECT_EQ(describe(LayerState()), "not present");
  EXPECT_EQ(describe(LayerState::refused(ENOSPC)),
            "refused by the kernel: No space left on device; a limit of namespaces is reached, "
            "sysctl user.max_*_namespaces");
  EXPECT_EQ(describe(LayerState::refused(4000)), "refused by the kernel: error 4000");
  SandboxReport report;
  report[Layer::kPidNamespace] = LayerState::refused(EPERM);
  EXPECT_EQ(list_of({Layer::kPidNamespace, Layer::kSeccomp}, report),
            "PID namespace (refused by the kernel: Operation not permitted; a container's "
            "profile, a security module or a sysctl forbids it), seccomp filter (not present)");
}

TEST(SandboxLevel, IsReadByItsNameOnly) {
  SandboxLevel level = SandboxLevel::kBasic;
  EXPECT_TRUE(parse_sandbox_level("full", level));
  EXPECT_EQ(level, SandboxLevel::kFull);
  EXPECT_TRUE(parse_sandbox_level("basic", level));
  EXPECT_EQ(level, SandboxLevel::kBasic);
  for (const char* other : {"", "none", "Full", "full ", "off"})
    EXPECT_FALSE(parse_sandbox_level(other, level)) << other;
  EXPECT_EQ(level, SandboxLevel::kBasic);
}

}  // namespace
}  // namespace blindai
