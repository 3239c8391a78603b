// fuzz_replay NAME FOLDER: runs one fuzzer's entry over a folder of seeds, which is what ctest does
// where libFuzzer is not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

// BLINDAI_FUZZERS: ENTRY(name) for each fuzzer of this build (cmake/Sides.cmake).
extern "C" {
using Entry = int(const uint8_t* data, size_t size);
#define ENTRY(name) Entry fuzz_##name;
BLINDAI_FUZZERS
#undef ENTRY
}

namespace {

struct Fuzzer {
  std::string_view name;
  Entry* entry;
};
constexpr Fuzzer kFuzzers[] = {
#define ENTRY(name) {#name, fuzz_##name},
    BLINDAI_FUZZERS
#undef ENTRY
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fuzz_replay NAME FOLDER\n", stderr);
    return 2;
  }
  const std::string_view name(argv[1]);
  const auto* const fuzzer = std::ranges::find(kFuzzers, name, &Fuzzer::name);
  if (fuzzer == std::end(kFuzzers)) {
    std::fprintf(stderr, "no fuzzer is called %s\n", argv[1]);
    return 2;
  }
  size_t count = 0;
  for (const auto& found : std::filesystem::recursive_directory_iterator(argv[2])) {
    if (!found.is_regular_file()) continue;
    std::ifstream in(found.path(), std::ios::binary);
    const std::vector<char> seed((std::istreambuf_iterator<char>(in)), {});
    const auto* const data = reinterpret_cast<const uint8_t*>(seed.data());
    // Also every truncation of short seeds, and some of long ones.
    const size_t step = std::max<size_t>(1, seed.size() / 256);
    for (size_t length = 0; length <= seed.size(); length += step) {
      fuzzer->entry(data, length);
      ++count;
    }
    fuzzer->entry(data, seed.size());
    ++count;
  }
  std::printf("%zu inputs replayed\n", count);
  return count == 0 ? 1 : 0;  // a fuzzer without seeds tests nothing
}
