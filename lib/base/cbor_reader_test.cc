#include "lib/base/cbor_reader.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

template <typename T>
std::string error_of(const Result<T>& result) {
  return result.has_value() ? "" : std::string(result.error().name());
}

TEST(CborReader, ReadsWhatIsAskedForAndBorrowsIt) {
  const Bytes wire = hex("84182a4301020362c3bcf6");
  CborReader r(wire);
  EXPECT_EQ(r.definite_array().value(), 4u);
  EXPECT_EQ(r.unsigned_integer().value(), 42u);
  const BytesView bytes = r.bytes().value();
  EXPECT_EQ(to_hex(bytes), "010203");
  EXPECT_EQ(bytes.data(), wire.data() + 4);
  EXPECT_EQ(r.text().value(), "\u00fc");
  EXPECT_EQ(error_of(r.finish()), "cbor.trailing-bytes");
  EXPECT_TRUE(r.null());
  EXPECT_EQ(error_of(r.finish()), "");
  EXPECT_EQ(r.at(), wire.size());
}

TEST(CborReader, TakesOptionalItemsOnlyWhenTheyAreThere) {
  const Bytes wire = hex("d200");
  CborReader r(wire);
  EXPECT_FALSE(r.null());
  EXPECT_FALSE(r.small_tag(17));
  EXPECT_EQ(r.at(), 0u);
  EXPECT_TRUE(r.small_tag(18));
  EXPECT_EQ(r.unsigned_integer().value(), 0u);
  EXPECT_FALSE(r.null());
  EXPECT_FALSE(r.small_tag(18));
}

// Entries of a map of integers, or what is wrong with it.
std::string entries(std::string_view wire_hex) {
  const Bytes wire = hex(wire_hex);
  CborReader r(wire);
  Result<CborCount> count = r.map();
  if (!count.has_value()) return error_of(count);
  std::string out;
  while (true) {
    const Result<bool> more = r.more(*count);
    if (!more.has_value()) return error_of(more);
    if (!*more) break;
    const auto key = r.unsigned_integer();
    if (!key.has_value()) return error_of(key);
    const auto value = r.unsigned_integer();
    if (!value.has_value()) return error_of(value);
    out += std::to_string(*key) + "=" + std::to_string(*value) + " ";
  }
  const Status end = r.finish();
  return end.has_value() ? out : error_of(end);
}

TEST(CborReader, ReadsMapsOfStatedAndOfOpenLengthInAnyOrder) {
  EXPECT_EQ(entries("a0"), "");
  EXPECT_EQ(entries("a202010102"), "2=1 1=2 ");
  EXPECT_EQ(entries("bf02010102ff"), "2=1 1=2 ");
  EXPECT_EQ(entries("bfff"), "");
}

TEST(CborReader, MapsEndWhereTheySay) {
  EXPECT_EQ(entries("a20201"), "cbor.truncated");
  EXPECT_EQ(entries("bf0201"), "cbor.truncated");
  EXPECT_EQ(entries("bf02"), "cbor.truncated");
  EXPECT_EQ(entries("bf02ff"), "cbor.indefinite");
  EXPECT_EQ(entries("a0ff"), "cbor.trailing-bytes");
  EXPECT_EQ(entries("bfffff"), "cbor.trailing-bytes");
  EXPECT_EQ(entries("bbffffffffffffffff"), "cbor.truncated");
  EXPECT_EQ(entries("80"), "cbor.kind");
  EXPECT_EQ(entries("9fff"), "cbor.indefinite");
}

TEST(CborReader, RefusesOtherItemsAndLongerForms) {
  const auto number = [](std::string_view wire_hex) {
    const Bytes wire = hex(wire_hex);
    return error_of(CborReader(wire).unsigned_integer());
  };
  EXPECT_EQ(number("1bffffffffffffffff"), "");
  EXPECT_EQ(number("1817"), "cbor.not-shortest");
  EXPECT_EQ(number("190017"), "cbor.not-shortest");
  EXPECT_EQ(number("1a00000017"), "cbor.not-shortest");
  EXPECT_EQ(number("1b0000000000000017"), "cbor.not-shortest");
  EXPECT_EQ(number("20"), "cbor.kind");
  EXPECT_EQ(number("f6"), "cbor.kind");
  EXPECT_EQ(number("fb0000000000000000"), "cbor.kind");
  EXPECT_EQ(number("1c"), "cbor.kind");
  EXPECT_EQ(number("1f"), "cbor.indefinite");
  EXPECT_EQ(number(""), "cbor.truncated");
}

TEST(CborReader, RefusesStringsThatAreNotWholeOrNotText) {
  const auto bytes = [](std::string_view wire_hex) {
    const Bytes wire = hex(wire_hex);
    return error_of(CborReader(wire).bytes());
  };
  const auto text = [](std::string_view wire_hex) {
    const Bytes wire = hex(wire_hex);
    return error_of(CborReader(wire).text());
  };
  EXPECT_EQ(bytes("4101"), "");
  EXPECT_EQ(bytes("4201"), "cbor.truncated");
  EXPECT_EQ(bytes("5bffffffffffffffff01"), "cbor.truncated");
  EXPECT_EQ(bytes("5f4101ff"), "cbor.indefinite");
  EXPECT_EQ(bytes("6161"), "cbor.kind");
  EXPECT_EQ(text("6161"), "");
  EXPECT_EQ(text("61ff"), "cbor.utf8");
  EXPECT_EQ(text("7f6161ff"), "cbor.indefinite");
  EXPECT_EQ(text("4161"), "cbor.kind");
}

}  // namespace
}  // namespace blindai
