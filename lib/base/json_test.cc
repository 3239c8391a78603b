#include "lib/base/json.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

std::string_view json_error(std::string_view text, const JsonLimits& limits = {}) {
  auto doc = JsonDocument::parse(text, limits);
  return doc.has_value() ? "accepted" : doc.error().name();
}

TEST(Json, ReadsEveryKind) {
  const auto doc = JsonDocument::parse(
      R"( {"a":null,"b":true,"c":false,"d":-12,"e":"x","f":[1,[2]],"g":{"h":1.5e3}} )");
  ASSERT_TRUE(doc.has_value());
  const JsonValue root = doc->root();
  EXPECT_EQ(root.size(), 7u);
  EXPECT_TRUE(root["a"].is(JsonKind::kNull));
  EXPECT_EQ(root["b"].boolean().value(), true);
  EXPECT_EQ(root["c"].boolean().value(), false);
  EXPECT_EQ(root["d"].i64().value(), -12);
  EXPECT_EQ(root["e"].string().value(), "x");
  EXPECT_EQ(root["f"].size(), 2u);
  EXPECT_EQ(root["f"].first().u64().value(), 1u);
  EXPECT_EQ(root["f"].first().next_in(root["f"]).first().u64().value(), 2u);
  EXPECT_EQ(root["g"]["h"].raw(), "1.5e3");
  EXPECT_EQ(root["g"]["h"].key(), "h");
  EXPECT_FALSE(root["g"].next_in(root).exists());
}

TEST(Json, GivesTheVerbatimSpanOfAnyValue) {
  const auto doc = JsonDocument::parse("{\"tcbInfo\" :  {\"b\":1, \"a\" : [ 2 ]} ,\"s\":\"x\"}");
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root()["tcbInfo"].raw(), "{\"b\":1, \"a\" : [ 2 ]}");
  EXPECT_EQ(doc->root()["tcbInfo"].offset(), 14u);
  EXPECT_EQ(doc->root()["s"].raw(), "\"x\"");
}

TEST(Json, AbsentValuesChainAndFail) {
  const auto doc = JsonDocument::parse("[]");
  ASSERT_TRUE(doc.has_value());
  const JsonValue missing = doc->root()["a"]["b"];
  EXPECT_FALSE(missing.exists());
  EXPECT_EQ(missing.raw(), "");
  EXPECT_EQ(missing.string().error().name(), "json.type");
  EXPECT_EQ(missing.u64().error().name(), "json.type");
  EXPECT_FALSE(missing.first().exists());
}

TEST(Json, KeepsIntegersExactAndRefusesRoundedOnes) {
  const auto doc = JsonDocument::parse("[18446744073709551615,18446744073709551616,1.0,1e2,-1]");
  ASSERT_TRUE(doc.has_value());
  JsonValue v = doc->root().first();
  EXPECT_EQ(v.u64().value(), UINT64_MAX);
  for (v = v.next_in(doc->root()); v.exists(); v = v.next_in(doc->root()))
    EXPECT_EQ(v.u64().error().name(), "json.number") << v.raw();
}

TEST(Json, UnescapesStrings) {
  const auto doc = JsonDocument::parse(R"(["\"\\\/\b\f\n\r\t","\u0041\u00e9\u20ac\ud83d\ude00"])");
  ASSERT_TRUE(doc.has_value());
  const JsonValue first = doc->root().first();
  EXPECT_EQ(first.string().value(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(first.next_in(doc->root()).string().value(), "Aé€😀");
  EXPECT_EQ(first.plain_string().error().name(), "json.type");
}

TEST(Json, RefusesDuplicateKeysAlsoWhenEscaped) {
  EXPECT_EQ(json_error(R"({"a":1,"b":2,"a":3})"), "json.duplicate-key");
  EXPECT_EQ(json_error(R"({"a":1,"\u0061":2})"), "json.duplicate-key");
  EXPECT_EQ(json_error(R"({"x":{"a":1,"a":1}})"), "json.duplicate-key");
  EXPECT_EQ(json_error(R"({"a":{"a":1},"b":{"a":1}})"), "accepted");
}

TEST(Json, RefusesWhatRfc8259DoesNotHave) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "01",
                           "+1",
                           "1.",
                           ".5",
                           "-",
                           "1e",
                           "1e+",
                           "NaN",
                           "Infinity",
                           "tru",
                           "nul",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"a\nb\"",
                           "[1 2]",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "/**/1",
                           "{\"a\":1 \"b\":2}",
                           "[",
                           "[1",
                           "\xef\xbb\xbf"
                           "1"})
    EXPECT_EQ(json_error(text), "json.syntax") << text;
  EXPECT_EQ(json_error("1 1"), "json.trailing");
  EXPECT_EQ(json_error(std::string_view("1\0", 2)), "json.trailing");
  EXPECT_EQ(json_error("\"\xc3\x28\""), "json.utf8");
  EXPECT_EQ(json_error("\"\xed\xa0\x80\""), "json.utf8");
}

TEST(Json, RefusesMoreThanItsLimits) {
  const JsonLimits limits{.max_bytes = 20, .max_depth = 2, .max_values = 4};
  EXPECT_EQ(json_error("[[1]]", limits), "accepted");
  EXPECT_EQ(json_error("[[[]]]", limits), "json.too-large");
  EXPECT_EQ(json_error("[1,2,3]", limits), "accepted");
  EXPECT_EQ(json_error("[1,2,3,4]", limits), "json.too-large");
  EXPECT_EQ(json_error("\"1234567890123456789\"", limits), "json.too-large");
  EXPECT_EQ(json_error(std::string(200000, '[')), "json.too-large");
}

TEST(Json, RefusesEveryTruncation) {
  const std::string_view text =
      R"({"tcbInfo":{"id":"SGX","levels":[{"svn":11},{"svn":-0.5e1}],"ok":true},"signature":"a\u00e9"})";
  ASSERT_EQ(json_error(text), "accepted");
  for (size_t n = 0; n < text.size(); ++n)
    EXPECT_EQ(json_error(text.substr(0, n)), "json.syntax") << n;
}

TEST(Json, QuotesText) {
  EXPECT_EQ(json_quote("a\"\\\n\x7f"), "\"a\\\"\\\\\\u000a\\u007f\"");
  EXPECT_EQ(json_quote("é"), "\"é\"");
  EXPECT_EQ(json_quote("\xff"), "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace blindai
