// Runs a fuzzer's entry over files and folders of seeds: what ctest does where libFuzzer is not.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::vector<char> seed((std::istreambuf_iterator<char>(in)), {});
      // Also every truncation of short seeds, and some of long ones.
      const size_t step = std::max<size_t>(1, seed.size() / 256);
      for (size_t length = 0; length <= seed.size(); length += step) {
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(seed.data()), length);
        ++count;
      }
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(seed.data()), seed.size());
      ++count;
    }
  }
  std::printf("%zu inputs replayed\n", count);
  return count == 0 ? 1 : 0;  // a fuzzer without seeds tests nothing
}
