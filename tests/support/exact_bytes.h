// What every reader of a form with one spelling is tried with.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <initializer_list>
#include <string_view>

#include "lib/base/bytes.h"

namespace blindai {

inline Bytes written(const Bytes& bytes) {
  return bytes;
}
inline Bytes written(const Result<Bytes>& bytes) {
  return bytes.value();
}

// `wire`, as `encode` made it, is what `decode` takes; cut at any length or extended it is refused
// with `id`. With any bit flipped it is refused with `id` or one of `others`, or read as another
// value, which is written the way it was read.
template <typename Decode, typename Encode>
void expect_exact(const Bytes& wire, const Decode& decode, const Encode& encode,
                  std::string_view id, std::initializer_list<std::string_view> others = {}) {
  EXPECT_EQ(written(encode(decode(BytesView(wire)).value())), wire);
  for (size_t n = 0; n < wire.size(); ++n) {
    const auto cut = decode(BytesView(wire).first(n));
    ASSERT_FALSE(cut.has_value()) << n;
    EXPECT_EQ(cut.error().name(), id) << n;
  }
  Bytes longer = wire;
  longer.push_back(0);
  const auto extended = decode(BytesView(longer));
  ASSERT_FALSE(extended.has_value());
  EXPECT_EQ(extended.error().name(), id);
  for (size_t bit = 0; bit < 8 * wire.size(); ++bit) {
    Bytes changed = wire;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto read = decode(BytesView(changed));
    if (read.has_value()) {
      EXPECT_EQ(written(encode(*read)), changed) << bit;
      continue;
    }
    const std::string_view found = read.error().name();
    EXPECT_TRUE(found == id || std::ranges::find(others, found) != others.end())
        << found << " for bit " << bit;
  }
}

}  // namespace blindai
