#include "enclave/infer/outside_look.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace blindai {
namespace {

constexpr std::string_view kStatus =
    "Name:\tblindai-worker\nUmask:\t0022\nUid:\t65534\t1001\t65534\t65534\n"
    "NSpid:\t4711\t1\nCapPrm:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    "Seccomp_filters:\t1\n";

TEST(ProcessStatus, IsReadByItsNames) {
  const ProcessStatus status = parse_process_status(kStatus);
  EXPECT_EQ(status.effective_user, 1001u);
  EXPECT_EQ(status.permitted_capabilities, 0xa80425fbu);
  EXPECT_EQ(status.no_new_privileges, 1u);
  EXPECT_EQ(status.seccomp, 2u);
  EXPECT_EQ(status.pid_namespaces, 2u);
}

// Cut anywhere, each value is right or absent (a number may lose its last digits only in the line
// that was cut).
TEST(ProcessStatus, WhatIsNotThereIsAbsent) {
  EXPECT_FALSE(parse_process_status("").seccomp.has_value());
  for (size_t length = 0; length < kStatus.size(); ++length) {
    const ProcessStatus status = parse_process_status(kStatus.substr(0, length));
    if (status.seccomp.has_value()) {
      EXPECT_EQ(*status.seccomp, 2u) << length;
    }
    if (length < kStatus.find("Seccomp:")) {
      EXPECT_FALSE(status.seccomp.has_value()) << length;
    }
  }
  for (const char* odd : {"Seccomp:", "Seccomp:\t", "Seccomp:\t-1", "Seccomp:\t2x", "Seccomp\t2",
                          ":", "\n\n", "Uid:\t1", "NSpid:\n", "Seccomp:\t99999999999999999999"}) {
    const ProcessStatus status = parse_process_status(odd);
    EXPECT_FALSE(status.seccomp.has_value()) << odd;
    EXPECT_FALSE(status.effective_user.has_value()) << odd;
    EXPECT_FALSE(status.pid_namespaces.has_value()) << odd;
  }
}

// This process has none of it, so each claim is noticed, and what is not claimed is not.
TEST(OutsideLook, ContradictsWhatProcDoesNotShow) {
  const auto alone = [](Layer layer) {
    SandboxReport report;
    report[layer] = LayerState::applied();
    return contradicted(getpid(), report);
  };
  for (const Layer layer :
       {Layer::kUserNamespace, Layer::kNetworkNamespace, Layer::kIpcNamespace, Layer::kPidNamespace,
        Layer::kMountNamespace, Layer::kSeccomp, Layer::kNoNewPrivileges})
    EXPECT_EQ(alone(layer), std::vector{layer}) << name_of(layer);
  if (geteuid() == 0) {
    EXPECT_EQ(alone(Layer::kUser), std::vector{Layer::kUser});
    EXPECT_EQ(alone(Layer::kNoCapabilities), std::vector{Layer::kNoCapabilities});
  }
  EXPECT_TRUE(contradicted(getpid(), SandboxReport()).empty());
  EXPECT_TRUE(alone(Layer::kEmptyRoot).empty()) << "/proc says nothing of it";
}

}  // namespace
}  // namespace blindai
