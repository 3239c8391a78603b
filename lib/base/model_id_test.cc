#include "lib/base/model_id.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

std::string name_of_refusal(std::string_view id) {
  auto checked = check_model_id(id);
  return checked ? "accepted" : std::string(checked.error().name());
}

TEST(ModelId, AcceptsGlobalAndAccountNames) {
  for (std::string_view id : {"resnet18", "a", "0", "handle/resnet18", "A-b_c.d", "ResNet18",
                              "version", "a.b.c", "ready2", "x/infer-fast"})
    EXPECT_TRUE(check_model_id(id)) << id;
  const std::string longest(kMaxModelIdSegment, 'a');
  EXPECT_TRUE(check_model_id(longest + "/" + longest));
  EXPECT_EQ((longest + "/" + longest).size(), kMaxModelId);
}

TEST(ModelId, RefusesEachOtherFormByName) {
  EXPECT_EQ(name_of_refusal(""), "model-id.empty");
  EXPECT_EQ(name_of_refusal("/"), "model-id.empty");
  EXPECT_EQ(name_of_refusal("a/"), "model-id.empty");
  EXPECT_EQ(name_of_refusal("/a"), "model-id.empty");
  EXPECT_EQ(name_of_refusal(std::string(kMaxModelIdSegment + 1, 'a')), "model-id.length");
  EXPECT_EQ(name_of_refusal("a/b/c"), "model-id.segments");
  EXPECT_EQ(name_of_refusal("a//b"), "model-id.segments");
  for (std::string_view id : {".", "..", "../a", "-a", "_a", ".a", "a b", "a\\b", "a%2f", "a:b",
                              "mod\xc3\xa8le", "a\n", "~a", "a/.b"})
    EXPECT_EQ(name_of_refusal(id), "model-id.characters") << id;
  EXPECT_EQ(name_of_refusal(std::string_view("a\0b", 3)), "model-id.characters");
  EXPECT_EQ(name_of_refusal("a..b"), "model-id.dots");
  EXPECT_EQ(name_of_refusal("a/b.."), "model-id.dots");
}

TEST(ModelId, RefusesTheWordsOfUrlsInEitherCaseAndPart) {
  for (std::string_view word :
       {"versions", "infer", "ready", "config", "stats", "access", "Stats", "INFER"}) {
    EXPECT_EQ(name_of_refusal(word), "model-id.reserved") << word;
    EXPECT_EQ(name_of_refusal(std::string(word) + "/a"), "model-id.reserved");
    EXPECT_EQ(name_of_refusal("a/" + std::string(word)), "model-id.reserved");
  }
}

TEST(ModelId, EveryByteOutsideTheAlphabetIsRefused) {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool inside = letter_or_digit || c == '.' || c == '_' || c == '-' || c == '/';
    EXPECT_EQ(check_model_id(std::string("a") + byte + "b").has_value(), inside) << c;
    EXPECT_EQ(check_model_id(std::string(1, byte)).has_value(), letter_or_digit) << c;
  }
}

TEST(ModelId, SaysWhatIsAllowed) {
  EXPECT_NE(check_model_id("a b").error().sentence.find("1 to 63"), std::string::npos);
}

TEST(ModelId, SplitsIntoHandleAndName) {
  EXPECT_EQ(split_model_id("resnet18").handle, "");
  EXPECT_EQ(split_model_id("resnet18").name, "resnet18");
  EXPECT_EQ(split_model_id("me/resnet18").handle, "me");
  EXPECT_EQ(split_model_id("me/resnet18").name, "resnet18");
}

}  // namespace
}  // namespace blindai
