#include "client/cpp/server_answer.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

const std::string kHash(64, '7');
const std::string kModel = R"({"model_id":"m","model_hash":")" + kHash +
                           R"(","size":12,"inputs":[{"name":"x","datatype":"INT64","shape":[-1]}],)"
                           R"("outputs":[{"name":"y","datatype":"BYTES","shape":[]}]})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ServerAnswer, ReadsAModel) {
  const ModelInfo model = parse_model(kModel).value();
  EXPECT_EQ(model.model_id, "m");
  EXPECT_EQ(to_hex(model.model_hash), kHash);
  EXPECT_EQ(model.size, 12u);
  EXPECT_EQ(model.signature.inputs, (std::vector<TensorSpec>{{"x", Datatype::kInt64, {-1}}}));
  EXPECT_EQ(model.signature.outputs, (std::vector<TensorSpec>{{"y", Datatype::kBytes, {}}}));
  EXPECT_EQ(parse_models("{\"models\":[" + kModel + "," + kModel + "]}").value().size(), 2u);
  EXPECT_TRUE(parse_models(R"({"models":[]})").value().empty());
}

TEST(ServerAnswer, ReadsAReceiptThatIsWhole) {
  const std::string receipt = R"("epoch":3,"content_id":")" + kHash + "\",";
  const std::string model = replaced(kModel, "\"size\"", receipt + "\"size\"");
  EXPECT_EQ(parse_model(model)->receipt->epoch, 3u);
  EXPECT_EQ(to_hex(parse_model(model)->receipt->content_id), kHash);
  EXPECT_FALSE(parse_model(kModel)->receipt.has_value());
  EXPECT_EQ(parse_model(replaced(model, "\"epoch\":3,", "")).error().name(), "server.answer");
  EXPECT_EQ(parse_model(replaced(model, "\"epoch\":3", "\"epoch\":0")).error().name(),
            "server.answer");
  EXPECT_EQ(parse_receipt(model).value()->epoch, 3u);
  EXPECT_FALSE(parse_receipt("").value().has_value());
  EXPECT_FALSE(parse_receipt(kModel).value().has_value());
  EXPECT_EQ(parse_receipt("no JSON").error().name(), "server.answer");
}

TEST(ServerAnswer, ReadsWhenAModelExpires) {
  EXPECT_EQ(parse_expiry(std::nullopt).value(), std::nullopt);
  EXPECT_EQ(parse_expiry("2026-12-01T10:00:00Z").value(), Time{1796119200});
  EXPECT_EQ(parse_expiry("1970-01-01T00:00:00Z").value(), Time{0});
  for (const char* text : {"", "soon", "2026-12-01", "2026-12-01T10:00:00", "1969-12-31T23:59:59Z",
                           "2026-12-01T10:00:00Z "})
    EXPECT_EQ(parse_expiry(text).error().name(), "server.answer") << text;
}

TEST(ServerAnswer, RefusesModelsOfAnotherForm) {
  const std::string cases[] = {
      "",
      "[]",
      replaced(kModel, "\"m\"", "1"),
      replaced(kModel, kHash, kHash.substr(1)),
      replaced(kModel, "12", "-12"),
      replaced(kModel, "12", "1.5"),
      replaced(kModel, "INT64", "INT63"),
      replaced(kModel, "[-1]", "[-2]"),
      replaced(kModel, "[-1]", "-1"),
      replaced(kModel, "\"x\"", "null"),
      replaced(kModel, "\"outputs\"", "\"output\""),
      kModel + "x",
  };
  for (const std::string& text : cases) {
    const auto model = parse_model(text);
    ASSERT_FALSE(model.has_value()) << text;
    EXPECT_EQ(model.error().name(), "server.answer") << text;
    EXPECT_EQ(parse_models("{\"models\":[" + text + "]}").has_value(), text.empty()) << text;
  }
}

TEST(ServerAnswer, RefusesEveryTruncation) {
  for (size_t n = 0; n < kModel.size(); ++n)
    EXPECT_FALSE(parse_model(kModel.substr(0, n)).has_value()) << n;
}

TEST(ServerAnswer, TakesCodeAndSentenceOfAnError) {
  const Problem problem = problem_of(
      409, as_bytes(R"({"error":"The name is taken; choose another.","code":"model.taken"})"));
  EXPECT_EQ(problem.code, Code::kConflict);
  EXPECT_EQ(problem.id.text, std::string("server.refused"));
  EXPECT_EQ(problem.name(), "model.taken");
  EXPECT_EQ(problem.sentence, "The name is taken; choose another.");
}

TEST(ServerAnswer, MakesAProblemOfAnyErrorBody) {
  for (const std::string_view body : {"", "no JSON", "[]", R"({"error":5})"}) {
    const Problem problem = problem_of(503, as_bytes(body));
    EXPECT_EQ(problem.code, Code::kUnavailable) << body;
    EXPECT_EQ(problem.name(), "server.refused") << body;
    EXPECT_FALSE(problem.sentence.empty()) << body;
  }
  EXPECT_EQ(problem_of(400, as_bytes(R"({"error":"x","code":"A code\u001b[2J"})")).name(),
            "server.refused");
}

}  // namespace
}  // namespace blindai
