// The real kernel's files, and the helpers on a kernel that fails.
#include "enclave/tee/kernel/kernel.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/fake_kernel.h"

namespace blindai {
namespace {

class RealKernelTest : public testing::Test {
 protected:
  RealKernelTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("blindai-kernel-" + std::to_string(::getpid()))),
        kernel_(real_kernel()) {}
  ~RealKernelTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name = "") const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
  std::unique_ptr<Kernel> kernel_;
};

TEST_F(RealKernelTest, MakesAndRemovesFolders) {
  EXPECT_EQ(kernel_->mkdir(folder_.string()), 0);
  EXPECT_EQ(kernel_->mkdir(folder_.string()), -EEXIST);
  EXPECT_EQ(kernel_->rmdir(folder_.string()), 0);
  EXPECT_EQ(kernel_->rmdir(folder_.string()), -ENOENT);
}

TEST_F(RealKernelTest, ReadsAndWritesWholeFiles) {
  ASSERT_EQ(kernel_->mkdir(folder_.string()), 0);
  const std::string large(10'000, 'x');
  std::ofstream(path("a")) << large;
  EXPECT_EQ(read_kernel_file(*kernel_, path("a"), 10'000).value(), to_bytes(as_bytes(large)));
  EXPECT_EQ(read_kernel_file(*kernel_, path("a"), 9'999).error(), EFBIG);
  EXPECT_EQ(read_kernel_file(*kernel_, path("b"), 9'999).error(), ENOENT);
  std::ofstream(path("c")) << "    ";
  ASSERT_TRUE(write_kernel_file(*kernel_, path("c"), as_bytes("dcap\n")).has_value());
  EXPECT_EQ(read_kernel_text(*kernel_, path("c")).value(), "dcap");
  EXPECT_EQ(write_kernel_file(*kernel_, path("d"), as_bytes("x")).error(), ENOENT);
}

TEST_F(RealKernelTest, SaysWhatADeviceAnswers) {
  EXPECT_EQ(KernelDevice::open(*kernel_, path("none")).error(), ENOENT);
  auto null = KernelDevice::open(*kernel_, "/dev/null");
  ASSERT_TRUE(null.has_value());
  EXPECT_EQ(null->ioctl(0x1234, nullptr), ENOTTY);
}

}  // namespace
}  // namespace blindai
