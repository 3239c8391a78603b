// A text with one part of it replaced, which has to be there.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace blindai {

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace blindai
