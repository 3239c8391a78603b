#include "lib/base/byte_reader.h"

#include <cstring>

namespace blindai {
namespace {

template <typename T>
void put_little(Bytes& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

template <typename T>
void put_big(Bytes& out, T value) {
  for (size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace

bool ByteReader::zeros(uint64_t n) {
  const size_t start = at_;
  BytesView raw;
  if (!bytes(raw, n)) return false;
  // Each byte against the next one: as fast as memory is, where a loop over bytes is not, and
  // padding can be long.
  if (raw.empty() || (raw[0] == 0 && std::memcmp(raw.data(), raw.data() + 1, raw.size() - 1) == 0))
    return true;
  at_ = start;
  return false;
}

void put_u8(Bytes& out, uint8_t value) {
  out.push_back(value);
}
void put_u16le(Bytes& out, uint16_t value) {
  put_little(out, value);
}
void put_u32le(Bytes& out, uint32_t value) {
  put_little(out, value);
}
void put_u64le(Bytes& out, uint64_t value) {
  put_little(out, value);
}
void put_u16be(Bytes& out, uint16_t value) {
  put_big(out, value);
}
void put_u32be(Bytes& out, uint32_t value) {
  put_big(out, value);
}
void put_u64be(Bytes& out, uint64_t value) {
  put_big(out, value);
}
void put_zeros(Bytes& out, size_t n) {
  out.insert(out.end(), n, 0);
}

}  // namespace blindai
