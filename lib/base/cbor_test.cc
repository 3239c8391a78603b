#include "lib/base/cbor.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

Bytes cbor_hex(std::string_view text) {
  return from_hex(text).value();
}

std::string error_of(std::string_view text, CborLimits limits = {}) {
  const Result<Cbor> item = Cbor::parse(cbor_hex(text), limits);
  return item.has_value() ? "" : std::string(item.error().name());
}

// RFC 8949 appendix A, the examples of the kinds that are read.
TEST(Cbor, ReadsAndWritesTheExamplesOfTheStandard) {
  const struct {
    Cbor value;
    const char* wire;
  } examples[] = {
      {Cbor::integer(0), "00"},
      {Cbor::integer(23), "17"},
      {Cbor::integer(24), "1818"},
      {Cbor::integer(100), "1864"},
      {Cbor::integer(1000), "1903e8"},
      {Cbor::integer(1000000), "1a000f4240"},
      {Cbor::integer(1000000000000), "1b000000e8d4a51000"},
      {Cbor::unsigned_integer(UINT64_MAX), "1bffffffffffffffff"},
      {Cbor::integer(-1), "20"},
      {Cbor::integer(-100), "3863"},
      {Cbor::integer(-1000), "3903e7"},
      {Cbor::integer(INT64_MIN), "3b7fffffffffffffff"},
      {Cbor::negative(UINT64_MAX), "3bffffffffffffffff"},
      {Cbor::bytes({}), "40"},
      {Cbor::bytes(cbor_hex("01020304")), "4401020304"},
      {Cbor::text("IETF"), "6449455446"},
      {Cbor::text("\u6c34"), "63e6b0b4"},
      {Cbor::array({}), "80"},
      {Cbor::array({Cbor::integer(1), Cbor::array({Cbor::integer(2), Cbor::integer(3)})}),
       "8201820203"},
      {Cbor::map({{Cbor::text("b"), Cbor::array({Cbor::integer(2)})},
                  {Cbor::text("a"), Cbor::integer(1)}}),
       "a26161016162"
       "8102"},
      {Cbor::tagged(1, Cbor::integer(1363896240)), "c11a514b67b0"},
  };
  for (const auto& example : examples) {
    EXPECT_EQ(to_hex(example.value.encode()), example.wire);
    const Result<Cbor> read = Cbor::parse(cbor_hex(example.wire));
    ASSERT_TRUE(read.has_value()) << example.wire << " " << read.error().name();
    EXPECT_EQ(to_hex(read->encode()), example.wire);
  }
}

TEST(Cbor, SortsKeysByTheirEncodedBytes) {
  // RFC 8949 section 4.2.1 gives this order: 10, 100, -1, "z", "aa", [100].
  const Cbor sorted = Cbor::map({{Cbor::text("aa"), Cbor::integer(0)},
                                 {Cbor::array({Cbor::integer(100)}), Cbor::integer(0)},
                                 {Cbor::text("z"), Cbor::integer(0)},
                                 {Cbor::integer(-1), Cbor::integer(0)},
                                 {Cbor::integer(100), Cbor::integer(0)},
                                 {Cbor::integer(10), Cbor::integer(0)}});
  EXPECT_EQ(to_hex(sorted.encode()),
            "a60a001864002000617a00626161008118"
            "6400");
  EXPECT_TRUE(Cbor::parse(sorted.encode()).has_value());
}

TEST(Cbor, RefusesUnsortedAndRepeatedKeys) {
  EXPECT_EQ(error_of("a2616201616101"), "cbor.key-order");
  EXPECT_EQ(error_of("a2616101616101"), "cbor.key-order");
}

TEST(Cbor, RefusesLongerFormsThanNeeded) {
  for (const char* wire : {"1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5801aa",
                           "7801"
                           "61",
                           "980100",
                           "b80161"
                           "6101",
                           "d80101"})
    EXPECT_EQ(error_of(wire), "cbor.not-shortest") << wire;
}

TEST(Cbor, RefusesIndefiniteLengths) {
  for (const char* wire : {"5f42010243030405ff",
                           "7f61"
                           "61ff",
                           "9fff", "bfff", "ff"})
    EXPECT_EQ(error_of(wire), "cbor.indefinite") << wire;
}

TEST(Cbor, RefusesOtherKinds) {
  for (const char* wire : {"f4", "f5", "f6", "f7", "f0", "f818", "f90000", "fa47c35000", "1c", "3d",
                           "5e", "fb3ff199999999999a"})
    EXPECT_EQ(error_of(wire), "cbor.kind") << wire;
}

TEST(Cbor, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(error_of("62c328"), "cbor.utf8");
}

TEST(Cbor, RefusesTrailingBytes) {
  EXPECT_EQ(error_of("0000"), "cbor.trailing-bytes");
}

TEST(Cbor, EveryTruncationIsRefused) {
  const Bytes whole =
      Cbor::tagged(60000, Cbor::array({Cbor::bytes(Bytes(300, 7)),
                                       Cbor::map({{Cbor::text("key"), Cbor::integer(-70000)},
                                                  {Cbor::integer(1), Cbor::text("value")}})}))
          .encode();
  ASSERT_TRUE(Cbor::parse(whole).has_value());
  for (size_t length = 0; length < whole.size(); ++length) {
    const Result<Cbor> item = Cbor::parse(BytesView(whole).first(length));
    ASSERT_FALSE(item.has_value()) << length;
    EXPECT_EQ(item.error().name(), "cbor.truncated") << length;
  }
}

TEST(Cbor, BitFlipsEitherFailOrMeanSomethingElse) {
  const Bytes whole = Cbor::map({{Cbor::text("a"), Cbor::bytes(cbor_hex("0102"))},
                                 {Cbor::text("b"), Cbor::tagged(24, Cbor::integer(1000))}})
                          .encode();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes changed = whole;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const Result<Cbor> item = Cbor::parse(changed);
    if (item.has_value()) {
      EXPECT_EQ(item->encode(), changed) << bit;
    }
  }
}

TEST(Cbor, CapsDepthBeforeRecursing) {
  EXPECT_EQ(error_of("818100", {.depth = 2, .items = 10}), "");
  EXPECT_EQ(error_of("81818100", {.depth = 2, .items = 10}), "cbor.depth");
  EXPECT_EQ(error_of("c1c1c100", {.depth = 2, .items = 10}), "cbor.depth");
  Bytes deep(100000, 0x81);
  const Result<Cbor> item = Cbor::parse(deep);
  ASSERT_FALSE(item.has_value());
  EXPECT_EQ(item.error().name(), "cbor.depth");
}

TEST(Cbor, CapsCountsBeforeAllocating) {
  EXPECT_EQ(error_of("83010203", {.depth = 2, .items = 4}), "");
  EXPECT_EQ(error_of("83010203", {.depth = 2, .items = 3}), "cbor.items");
  EXPECT_EQ(error_of("9bffffffffffffffff"), "cbor.items");
  EXPECT_EQ(error_of("bbffffffffffffffff"), "cbor.items");
  EXPECT_EQ(error_of("5bffffffffffffffff"), "cbor.truncated");
}

TEST(Cbor, AnswersNothingForAnotherKind) {
  const Cbor number = Cbor::integer(5);
  EXPECT_EQ(number.as_bytes(), nullptr);
  EXPECT_EQ(number.as_text(), std::nullopt);
  EXPECT_EQ(number.as_array(), nullptr);
  EXPECT_EQ(number.as_tagged(5), nullptr);
  EXPECT_EQ(number.find("a"), nullptr);
  EXPECT_EQ(number.num_entries(), 0u);
  EXPECT_EQ(Cbor::text("5").as_integer(), std::nullopt);
  EXPECT_EQ(Cbor::integer(-5).as_unsigned(), std::nullopt);
  EXPECT_EQ(Cbor::unsigned_integer(UINT64_MAX).as_integer(), std::nullopt);
  EXPECT_EQ(Cbor::integer(-5).as_integer(), -5);
  EXPECT_EQ(Cbor::tagged(9, number).as_tagged(9)->as_integer(), 5);
}

}  // namespace
}  // namespace blindai
