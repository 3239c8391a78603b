// Reads fixed layouts out of hostile bytes. All parsing in the project sits on it.
//
//   ByteReader r(wire);
//   if (!r.u16le(version) || !r.array(report_data) || !r.zeros(4) || !r.done())
//     return fail(Code::kMalformed, "snp.report.layout", r.at());
//
// Every read goes through bytes(), which alone does the bounds check, and compares lengths, never
// pointers. A read that fails changes neither its output nor the position, so at() names the place.
// Borrows the input. Pure; not thread-safe.
#pragma once

#include <algorithm>

#include "lib/base/bytes.h"

namespace blindai {

class ByteReader {
 public:
  explicit ByteReader(BytesView wire) : wire_(wire) {}

  // The next n bytes, borrowed from the input.
  [[nodiscard]] bool bytes(BytesView& out, uint64_t n) {
    if (n > remaining()) return false;
    out = wire_.subspan(at_, static_cast<size_t>(n));
    at_ += static_cast<size_t>(n);
    return true;
  }

  template <size_t N>
  [[nodiscard]] bool array(ByteArray<N>& out) {
    BytesView raw;
    if (!bytes(raw, N)) return false;
    std::copy(raw.begin(), raw.end(), out.begin());
    return true;
  }

  [[nodiscard]] bool u8(uint8_t& out) { return little(out); }
  [[nodiscard]] bool u16le(uint16_t& out) { return little(out); }
  [[nodiscard]] bool u32le(uint32_t& out) { return little(out); }
  [[nodiscard]] bool u64le(uint64_t& out) { return little(out); }
  [[nodiscard]] bool u16be(uint16_t& out) { return big(out); }
  [[nodiscard]] bool u32be(uint32_t& out) { return big(out); }
  [[nodiscard]] bool u64be(uint64_t& out) { return big(out); }

  // Consumes n bytes, all of which must be zero (reserved fields).
  [[nodiscard]] bool zeros(uint64_t n);
  [[nodiscard]] bool skip(uint64_t n) {
    BytesView ignored;
    return bytes(ignored, n);
  }

  size_t at() const { return at_; }
  size_t remaining() const { return wire_.size() - at_; }
  // True when nothing is left. A parser ends with it, or says why trailing bytes are allowed.
  bool done() const { return remaining() == 0; }
  // What was read since `from`, a position at() returned earlier: for signatures over raw bytes.
  BytesView since(size_t from) const { return wire_.subspan(from, at_ - from); }

 private:
  template <typename T>
  bool little(T& out) {
    BytesView raw;
    if (!bytes(raw, sizeof(T))) return false;
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(raw[i]) << (8 * i)));
    out = value;
    return true;
  }
  template <typename T>
  bool big(T& out) {
    BytesView raw;
    if (!bytes(raw, sizeof(T))) return false;
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value |
                             static_cast<T>(static_cast<T>(raw[i]) << (8 * (sizeof(T) - 1 - i))));
    out = value;
    return true;
  }

  BytesView wire_;
  size_t at_ = 0;
};

// The writing side of the same layouts.
void put_u8(Bytes& out, uint8_t value);
void put_u16le(Bytes& out, uint16_t value);
void put_u32le(Bytes& out, uint32_t value);
void put_u64le(Bytes& out, uint64_t value);
void put_u16be(Bytes& out, uint16_t value);
void put_u32be(Bytes& out, uint32_t value);
void put_u64be(Bytes& out, uint64_t value);
void put_zeros(Bytes& out, size_t n);

}  // namespace blindai
