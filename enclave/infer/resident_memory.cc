#include "enclave/infer/resident_memory.h"

#include <cstdio>
#include <unistd.h>

namespace blindai {

uint64_t resident_bytes_of(const std::string& process) {
  std::FILE* file = std::fopen(("/proc/" + process + "/statm").c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? uint64_t{resident} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace blindai
