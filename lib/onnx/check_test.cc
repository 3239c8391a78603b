#include "lib/onnx/check.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <gtest/gtest.h>

#include "lib/onnx/names.h"
#include "lib/onnx/operators.h"
#include "tests/onnx_builder.h"

namespace blindai::onnx {
namespace {

using onnx_builder::Graph;
using onnx_builder::Message;

ModelSummary accepted(const Bytes& model) {
  const auto checked = check_model(model);
  EXPECT_TRUE(checked.has_value()) << checked.error().name() << ": " << checked.error().sentence;
  return checked.value_or(ModelSummary());
}

TEST(CheckModel, TakesSmallModels) {
  for (size_t i = 0; i < kNumDatatypes; ++i)
    EXPECT_EQ(accepted(onnx_builder::identity(static_cast<Datatype>(i), {2, -1})).counts.nodes, 1U);
  EXPECT_EQ(accepted(onnx_builder::add({2})).tensor_bytes, 0U);
  EXPECT_EQ(accepted(onnx_builder::zeros_of_shape()).counts.nodes, 1U);
  EXPECT_EQ(accepted(onnx_builder::lookup()).tensor_bytes, 40U);
  EXPECT_EQ(accepted(onnx_builder::long_product()).counts.nodes, 4U);
}

TEST(CheckModel, CountsWhatThereIs) {
  const ModelSummary loop = accepted(onnx_builder::loop());
  EXPECT_EQ(loop.counts.nodes, 3U);
  EXPECT_EQ(loop.counts.initializers, 2U);
  EXPECT_EQ(loop.counts.attributes, 1U);
  EXPECT_EQ(loop.counts.subgraphs, 1U);
  EXPECT_EQ(loop.counts.graph_depth, 1U);
  EXPECT_EQ(loop.counts.values, 9U);
  EXPECT_EQ(loop.tensor_bytes, 5U);
  EXPECT_EQ(accepted(onnx_builder::heavy(1 << 20)).tensor_bytes, (1U << 20) + 8);
}

Bytes with_tensor(const Message& tensor) {
  return Graph()
      .part(5, tensor)
      .output("y", onnx_builder::tensor_type(1, std::nullopt))
      .node("Identity", {"w"}, {"y"})
      .model();
}

Bytes with_raw(int element, const std::vector<int64_t>& shape, size_t bytes) {
  const Bytes data(bytes, 0);
  return with_tensor(onnx_builder::tensor("w", element, shape).text(9, as_text(data)));
}

// Bytes of five elements of each TensorProto.DataType in raw_data.
TEST(CheckModel, KnowsTheSizeOfEachElementType) {
  constexpr std::array<size_t, 27> kBytes = {0,  20, 5,  5, 10, 10, 20, 40, 0, 5, 10, 40, 20, 40,
                                             40, 80, 10, 5, 5,  5,  5,  3,  3, 3, 5,  2,  2};
  for (int element = 1; element < 27; ++element) {
    const size_t bytes = kBytes[static_cast<size_t>(element)];
    if (bytes == 0) continue;  // strings, which are not raw
    EXPECT_EQ(accepted(with_raw(element, {5}, bytes)).tensor_bytes, bytes) << element;
    for (const size_t other : {bytes - 1, bytes + 1}) {
      const auto checked = check_model(with_raw(element, {5}, other));
      ASSERT_FALSE(checked.has_value()) << element;
      EXPECT_EQ(checked.error().name(), "model.tensor-size") << element;
    }
  }
}

// The typed field of each element type and how many of its numbers make five elements.
TEST(CheckModel, KnowsTheTypedFieldOfEachElementType) {
  struct Typed {
    uint32_t field;
    size_t numbers;
  };
  constexpr std::array<Typed, 27> kTyped = {
      {{0, 0}, {4, 5}, {5, 5},  {5, 5},  {5, 5},  {5, 5},  {5, 5},   {7, 5}, {6, 5},
       {5, 5}, {5, 5}, {10, 5}, {11, 5}, {11, 5}, {4, 10}, {10, 10}, {5, 5}, {5, 5},
       {5, 5}, {5, 5}, {5, 5},  {5, 3},  {5, 3},  {5, 3},  {5, 5},   {5, 2}, {5, 2}}};
  const auto filled = [](int element, uint32_t field, size_t numbers, bool packed) {
    const size_t width = field == 4 ? 4 : field == 10 ? 8 : 1;
    Message out = onnx_builder::tensor("w", element, {5});
    if (packed) return out.text(field, std::string(numbers * width, '\0'));
    const unsigned wire = field == 4 ? 5 : field == 10 ? 1 : field == 6 ? 2 : 0;
    for (size_t i = 0; i < numbers; ++i) {
      const auto tag = static_cast<uint8_t>(field << 3 | wire);
      out.raw(Bytes{tag}).raw(Bytes(width, 0));
    }
    return out;
  };
  for (int element = 1; element < 27; ++element) {
    const Typed& typed = kTyped[static_cast<size_t>(element)];
    for (const bool packed : {true, false}) {
      if (packed && typed.field == 6) continue;  // strings are never packed
      accepted(with_tensor(filled(element, typed.field, typed.numbers, packed)));
      for (const size_t other : {typed.numbers - 1, typed.numbers + 1}) {
        const auto checked = check_model(with_tensor(filled(element, typed.field, other, packed)));
        ASSERT_FALSE(checked.has_value()) << element;
        EXPECT_EQ(checked.error().name(), "model.tensor-size") << element;
      }
    }
    for (const uint32_t other : {4U, 5U, 6U, 7U, 10U, 11U}) {
      if (other == typed.field) continue;
      const auto checked =
          check_model(with_tensor(filled(element, other, typed.numbers, other != 6)));
      ASSERT_FALSE(checked.has_value()) << element << " in " << other;
      EXPECT_EQ(checked.error().name(), "model.tensor-size") << element << " in " << other;
    }
  }
}

TEST(CheckModel, TakesTensorsOfNothingAndOfOne) {
  accepted(with_raw(1, {0}, 0));
  accepted(with_raw(1, {3, 0, 2}, 0));
  accepted(with_raw(1, {}, 4));
  accepted(with_tensor(onnx_builder::tensor("w", 1, {0})));
}

TEST(CheckModel, TakesAnInputWithADefaultValue) {
  accepted(Graph()
               .input("w", Datatype::kFp32, {1})
               .output("y", Datatype::kFp32, {1})
               .constant("w", Datatype::kFp32, {1}, Bytes(4, 0))
               .node("Identity", {"w"}, {"y"})
               .model());
}

TEST(CheckModel, TakesFieldsInAnyOrder) {
  accepted(Graph()
               .node("Identity", {"w"}, {"y"})
               .output("y", Datatype::kFp32, {1})
               .constant("w", Datatype::kFp32, {1}, Bytes(4, 0))
               .model());
}

TEST(CheckModel, TakesUnusedImportsOfOtherDomains) {
  Message model = Graph()
                      .input("x", Datatype::kFp32, {1})
                      .output("y", Datatype::kFp32, {1})
                      .node("Identity", {"x"}, {"y"})
                      .model_message();
  model.nested(8, Message().text(1, "com.microsoft.nchwc").number(2, 1));
  accepted(model.bytes());
}

TEST(CheckModel, SaysWhereAndWhatToDo) {
  const auto refused = check_model(Graph()
                                       .output("y", Datatype::kFp32, {1})
                                       .external("we\"ights\n", Datatype::kFp32, {1}, "/etc/passwd")
                                       .node("Identity", {"we\"ights\n"}, {"y"})
                                       .model());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "model.name");  // the line break comes first
  const auto outside = check_model(Graph()
                                       .output("y", Datatype::kFp32, {1})
                                       .external("weights", Datatype::kFp32, {1}, "/etc/passwd")
                                       .node("Identity", {"weights"}, {"y"})
                                       .model());
  ASSERT_FALSE(outside.has_value());
  EXPECT_EQ(outside.error().name(), "model.external-data");
  EXPECT_TRUE(outside.error().sentence.starts_with("In the tensor 'weights', at byte "))
      << outside.error().sentence;
  EXPECT_TRUE(outside.error().sentence.ends_with("save_as_external_data=False."))
      << outside.error().sentence;
  EXPECT_EQ(outside.error().sentence.find("passwd"), std::string::npos);
}

TEST(Rules, HaveEachACodeAndAdvice) {
  EXPECT_FALSE(rule_of(0).has_value());
  EXPECT_FALSE(rule_of(kNumRules + 1).has_value());
  std::vector<std::string> codes;
  for (uint16_t i = 1; i <= kNumRules; ++i) {
    const Id id = id_of(*rule_of(i));
    codes.emplace_back(id.text);
    EXPECT_TRUE(codes.back().starts_with("model.")) << codes.back();
    EXPECT_TRUE(std::string_view(id.advice).ends_with('.')) << codes.back();
  }
  std::ranges::sort(codes);
  EXPECT_EQ(std::ranges::adjacent_find(codes), codes.end());
}

TEST(Rules, AreEachExplainedToOwners) {
  std::ifstream in(BLINDAI_SOURCE_DIR "/docs/models.md");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  for (uint16_t i = 1; i <= kNumRules; ++i) {
    const std::string code = std::string("`") + id_of(*rule_of(i)).text + "`";
    EXPECT_NE(text.find(code), std::string::npos) << code;
  }
  for (const Domain& domain : allowed_domains())
    EXPECT_NE(text.find("`" + std::string(domain.name) + "`"), std::string::npos) << domain.name;
  for (const RefusedOperator& refused : refused_operators())
    EXPECT_NE(text.find("`" + std::string(refused.op_type) + "`"), std::string::npos)
        << refused.op_type;
}

TEST(Rules, QuoteNamesSafely) {
  EXPECT_EQ(in_quotes("a\nb\x80"), "'a?b?'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
}

TEST(Operators, DomainsAndRefusalsAreListedOnce) {
  EXPECT_EQ(domain_name(""), "ai.onnx");
  EXPECT_NE(find_domain("com.microsoft"), nullptr);
  EXPECT_EQ(find_domain("com.microsoft "), nullptr);
  EXPECT_EQ(find_domain(""), nullptr);
  for (const RefusedOperator& refused : refused_operators()) {
    EXPECT_NE(find_domain(refused.domain), nullptr);
    EXPECT_EQ(find_refused(refused.domain, refused.op_type), &refused);
  }
}

TEST(Names, AreSeenInOrderAndFromWithin) {
  Names outer(nullptr);
  outer.add("in", Names::Role::kInput);
  outer.add("first", Names::Role::kNodeOutput, 0);
  outer.add("second", Names::Role::kNodeOutput, 1);
  EXPECT_EQ(outer.sort(), "");
  outer.at_node(1);
  Names inner(&outer);
  inner.add("own", Names::Role::kNodeOutput, 0);
  EXPECT_EQ(inner.sort(), "");
  inner.at_node(1);
  EXPECT_EQ(inner.find("in"), Names::Found::kThere);
  EXPECT_EQ(inner.find("first"), Names::Found::kThere);
  EXPECT_EQ(inner.find("second"), Names::Found::kLater);
  EXPECT_EQ(inner.find("own"), Names::Found::kThere);
  EXPECT_EQ(inner.find("none"), Names::Found::kNowhere);
  EXPECT_FALSE(inner.makes("in"));
  EXPECT_EQ(outer.find("own"), Names::Found::kNowhere);
  Names shadow(&outer);
  shadow.add("second", Names::Role::kInput);
  EXPECT_EQ(shadow.sort(), "second");
}

}  // namespace
}  // namespace blindai::onnx
