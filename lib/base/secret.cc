#include "lib/base/secret.h"

#include <cstring>

namespace blindai {

void wipe(void* data, size_t n) {
  if (n == 0) return;  // an empty span may have no address
  std::memset(data, 0, n);
  // The empty assembly claims to read the memory, so the stores above cannot be dropped.
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

bool equal_secret(BytesView a, BytesView b) {
  if (a.size() != b.size()) return false;
  uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace blindai
