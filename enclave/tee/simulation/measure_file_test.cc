#include "enclave/tee/simulation/measure_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace blindai {
namespace {

class MeasureFile : public testing::Test {
 protected:
  MeasureFile() : path(testing::TempDir() + "/measure_file_" + std::to_string(::getpid())) {}
  ~MeasureFile() override { std::filesystem::remove(path); }
  void write(const Bytes& content) const {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
  }
  const std::string path;
};

TEST_F(MeasureFile, ReadsWholeFilesOfAnySize) {
  for (const size_t size : {0u, 1u, 262144u, 262145u, 1000000u}) {
    Bytes content(size);
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<uint8_t>(i * 31);
    write(content);
    const auto file = measure_file("x", path);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(*file, (MeasuredFile{"x", size, sha256(content)}));
  }
}

TEST_F(MeasureFile, OneChangedByteChangesTheMeasurement) {
  Bytes content(300000, 1);
  write(content);
  const Sha256Digest before = measurement_of({measure_file("x", path).value()}).value();
  content.back() = 2;
  write(content);
  EXPECT_NE(measurement_of({measure_file("x", path).value()}).value(), before);
}

TEST_F(MeasureFile, ProgramsAreMeasuredUnderTheirFixedNames) {
  write({1, 2, 3});
  std::vector<MeasuredFile> files;
  for (const std::string_view name : {"blindai-server", "blindai-worker", "libonnxruntime"})
    files.push_back({std::string(name), 3, sha256(Bytes{1, 2, 3})});
  EXPECT_EQ(measure_programs(path, path, path).value(), measurement_of(files).value());
  for (const int absent : {0, 1, 2}) {
    const auto at = [&](int i) { return i == absent ? path + ".absent" : path; };
    EXPECT_EQ(measure_programs(at(0), at(1), at(2)).error().name(), "measure.open");
  }
}

TEST_F(MeasureFile, SaysWhichStepFailed) {
  EXPECT_EQ(measure_file("x", path + ".absent").error().name(), "measure.open");
  EXPECT_EQ(measure_file("x", testing::TempDir()).error().name(), "measure.read");
}

}  // namespace
}  // namespace blindai
