// One model and more for each rule.
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>

#include "lib/onnx/check.h"
#include "lib/onnx/limits.h"
#include "tests/onnx_builder.h"

namespace blindai::onnx {
namespace {

using onnx_builder::attribute_graph;
using onnx_builder::attribute_int;
using onnx_builder::Graph;
using onnx_builder::Message;
using onnx_builder::node;
using onnx_builder::tensor;
using onnx_builder::tensor_type;

struct Case {
  const char* what;
  const char* code;
  std::function<Bytes()> model;
};

Graph base() {
  return Graph().input("x", Datatype::kFp32, {1}).output("y", Datatype::kFp32, {1});
}
// A whole model, to which fields of ModelProto can be added.
Message whole() {
  return base().node("Identity", {"x"}, {"y"}).model_message();
}
Bytes plus(const Bytes& wire) {
  return whole().raw(wire).bytes();
}
Bytes with_node(const Message& more) {
  return base().part(1, more).model();
}
// The node makes "y" from "x" and has these further fields.
Message identity_with(const Message& fields) {
  return node("Identity", {"x"}, {"y"}).raw(fields.bytes());
}
Bytes with_weight(const Message& weight) {
  return base().part(5, weight).node("Add", {"x", "w"}, {"y"}).model();
}
Message floats(const std::vector<int64_t>& shape, size_t bytes) {
  return tensor("w", 1, shape).text(9, std::string(bytes, '\0'));
}
Bytes many(const Bytes& item, uint64_t times) {
  // Doubled: one at a time takes seconds in a build that is not optimised.
  Bytes out = item;
  out.reserve(item.size() * times * 2);
  while (out.size() < item.size() * times) append(out, Bytes(out));
  out.resize(item.size() * times);
  return out;
}
Message raw(const Bytes& bytes) {
  return Message().raw(bytes);
}
// If with a branch that holds an If ... `depth` of them.
Message nested_ifs(uint64_t depth) {
  Graph branch;
  branch.output("y" + std::to_string(depth), tensor_type(1, std::nullopt));
  const std::string made = "y" + std::to_string(depth);
  if (depth == 0) return branch.node("Identity", {"x"}, {made}).message();
  return branch.node("If", {"go"}, {made}, {attribute_graph("then_branch", nested_ifs(depth - 1))})
      .message();
}
Bytes deep(uint64_t depth) {
  return Graph()
      .input("x", Datatype::kFp32, {1})
      .input("go", Datatype::kBool, {})
      .output("y", Datatype::kFp32, {1})
      .node("If", {"go"}, {"y"}, {attribute_graph("then_branch", nested_ifs(depth - 1))})
      .model();
}
Bytes opsets(std::initializer_list<std::pair<std::string_view, int64_t>> all) {
  Message out = Message().number(1, 8).nested(7, base().node("Identity", {"x"}, {"y"}).message());
  for (const auto& [domain, version] : all)
    out.nested(8, Message().text(1, domain).number(2, static_cast<uint64_t>(version)));
  return out.bytes();
}
Bytes ir_version(uint64_t version) {
  return Message()
      .number(1, version)
      .nested(7, base().node("Identity", {"x"}, {"y"}).message())
      .nested(8, Message().number(2, 17))
      .bytes();
}
Bytes of_domain(std::string_view domain, std::string_view op) {
  Message out = Message().number(1, 8).nested(
      7, base().part(1, Message().text(1, "x").text(2, "y").text(4, op).text(7, domain)).message());
  return out.nested(8, Message().number(2, 17))
      .nested(8, Message().text(1, domain).number(2, 1))
      .bytes();
}
Message attribute(std::string_view name, uint64_t type) {
  return Message().text(1, name).number(20, type);
}
Bytes with_attribute(const Message& value) {
  return with_node(node("Identity", {"x"}, {"y"}, {value}));
}
Bytes with_type(const Message& type) {
  return base().input("z", type).node("Identity", {"x"}, {"y"}).model();
}
Message nested_sequences(int depth) {
  Message out = tensor_type(1, std::nullopt);
  for (int i = 0; i < depth; ++i) out = onnx_builder::sequence_type(out);
  return out;
}
Bytes loop_with(const Graph& body) {
  return base()
      .input("n", Datatype::kInt64, {})
      .input("go", Datatype::kBool, {})
      .node("Loop", {"n", "go", "x"}, {"y"}, {attribute_graph("body", body.message())})
      .model();
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"an empty file", "model.size", [] { return Bytes(); }},
      {"a length beyond the end", "model.truncated", [] { return plus({0x12, 5, 'a'}); }},
      {"a length of 2^63", "model.truncated",
       [] { return plus({0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}); }},
      {"a submessage longer than its parent", "model.truncated",
       [] {
         return whole()
             .text(14,
                   "\x0a\x05"
                   "a")
             .bytes();
       }},
      {"a varint of eleven bytes", "model.varint",
       [] {
         return plus({0x28, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01});
       }},
      {"a varint of 70 bits", "model.varint",
       [] { return plus({0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}); }},
      {"a length in more bytes than needed", "model.varint",
       [] { return plus({0x12, 0x81, 0x00, 'a'}); }},
      {"a tag in more bytes than needed", "model.varint", [] { return plus({0xa8, 0x00, 1}); }},
      {"a varint of eleven bytes in packed dims", "model.varint",
       [] { return with_weight(raw(Bytes{0x0a, 11}).raw(many({0x80}, 10)).raw(Bytes{1})); }},
      {"a group", "model.group", [] { return plus({0x13, 0x14}); }},
      {"the end of a group", "model.group", [] { return plus({0x14}); }},
      {"wire type 6", "model.wire-type", [] { return plus({0x16}); }},
      {"wire type 7", "model.wire-type", [] { return plus({0x17}); }},
      {"a text as a number", "model.wire-type", [] { return plus({0x18, 1}); }},
      {"a number as a text", "model.wire-type", [] { return plus({0x2a, 0}); }},
      {"dims of four bytes each", "model.wire-type",
       [] { return with_weight(raw({0x0d, 1, 0, 0, 0})); }},
      {"floats as varints", "model.wire-type", [] { return with_weight(raw({0x20, 1})); }},
      {"field 0", "model.unknown-field", [] { return plus({0x00, 1}); }},
      {"field 9 of a model", "model.unknown-field", [] { return whole().number(9, 1).bytes(); }},
      {"field 2^29 - 1", "model.unknown-field",
       [] { return whole().number((1U << 29) - 1, 1).bytes(); }},
      {"two graphs, which protobuf merges", "model.repeated-field",
       [] { return whole().nested(7, Graph().message()).bytes(); }},
      {"two IR versions", "model.repeated-field", [] { return whole().number(1, 9).bytes(); }},
      {"two raw_data, of which the last counts", "model.repeated-field",
       [] { return with_weight(floats({1}, 400).text(9, std::string(4, '\0'))); }},
      {"two data_types", "model.repeated-field",
       [] { return with_weight(floats({1}, 4).number(2, 1)); }},
      {"a dimension that is a number and a name", "model.repeated-field",
       [] {
         const Message dim = Message().number(1, 3).text(2, "N");
         return with_type(
             Message().nested(1, Message().number(1, 1).nested(2, Message().nested(1, dim))));
       }},
      {"a type that is a tensor and a sequence", "model.repeated-field",
       [] {
         return with_type(tensor_type(1, std::nullopt).nested(4, Message().nested(1, Message())));
       }},
      {"half a float", "model.packed-data",
       [] { return with_weight(tensor("w", 1, {1}).text(4, "abc")); }},
      {"half a double", "model.packed-data",
       [] { return with_weight(tensor("w", 11, {1}).text(10, "abc")); }},
      {"a data_type of 2^32 + 1, which protobuf reads as 1", "model.number-range",
       [] { return with_weight(raw({0x10, 0x81, 0x80, 0x80, 0x80, 0x10})); }},
      {"a data_location of 2^32 + 1, which protobuf reads as external", "model.external-data",
       [] { return with_weight(floats({1}, 4).number(14, (1ULL << 32) + 1)); }},
      {"an attribute type of 15", "model.number-range",
       [] { return with_attribute(attribute("a", 15)); }},
      {"int32_data of 2^32, single", "model.number-range",
       [] { return with_weight(tensor("w", 6, {1}).number(5, 1ULL << 32)); }},
      {"int32_data of 2^32, packed among small ones", "model.number-range",
       [] {
         Bytes list(20, 1);
         append(list, Bytes{0x80, 0x80, 0x80, 0x80, 0x10});
         return with_weight(tensor("w", 6, {21}).text(5, as_text(list)));
       }},
      {"a producer that is not UTF-8", "model.utf8", [] { return plus({0x1a, 1, 0xff}); }},
      {"a name with an overlong slash", "model.utf8",
       [] { return with_weight(raw({0x42, 2, 0xc0, 0xaf})); }},
      {"an attribute's text that is not UTF-8", "model.utf8",
       [] { return with_attribute(attribute("a", 3).text(4, "\xed\xa0\x80")); }},
      {"a name of 1025 bytes", "model.text-length",
       [] { return with_node(node("Identity", {"x"}, {std::string(1025, 'n')})); }},
      {"a documentation of 4 MiB and a byte", "model.text-length",
       [] { return with_node(identity_with(Message().text(6, std::string((4 << 20) + 1, 'd')))); }},
      {"a name with a zero byte", "model.name",
       [] { return with_node(node("Identity", {"x"}, {std::string_view("a\0b", 3)})); }},
      {"a domain with a line break", "model.name", [] { return of_domain("ai.onnx\n", "Add"); }},
      {"an input without a name", "model.name",
       [] {
         return base().input("", Datatype::kFp32, {1}).node("Identity", {"x"}, {"y"}).model();
       }},
      {"an initializer without a name", "model.name",
       [] { return base().constant("", Datatype::kFp32, {1}, Bytes(4)).model(); }},
      {"an attribute without a name", "model.name",
       [] { return with_attribute(Message().number(3, 1).number(20, 2)); }},
      {"external data", "model.external-data",
       [] {
         return base()
             .external("w", Datatype::kFp32, {1}, "../../etc/passwd")
             .node("Add", {"x", "w"}, {"y"})
             .model();
       }},
      {"external data without saying so", "model.external-data",
       [] {
         return with_weight(
             floats({1}, 4).nested(13, Message().text(1, "location").text(2, "w.bin")));
       }},
      {"external data in an attribute", "model.external-data",
       [] {
         return with_attribute(attribute("value", 4).nested(5, tensor("", 1, {1}).number(14, 1)));
       }},
      {"external data in a graph within", "model.external-data",
       [] { return loop_with(Graph().external("w", Datatype::kFp32, {1}, "*/_ORT_MEM_ADDR_/*")); }},
      {"a function", "model.functions",
       [] { return whole().nested(25, Message().text(1, "f")).bytes(); }},
      {"a node that names an overload", "model.functions",
       [] { return with_node(identity_with(Message().text(8, "o"))); }},
      {"training", "model.training", [] { return whole().nested(20, Message()).bytes(); }},
      {"a sparse initializer", "model.sparse",
       [] { return base().part(15, Message()).node("Identity", {"x"}, {"y"}).model(); }},
      {"a sparse attribute", "model.sparse",
       [] { return with_attribute(attribute("sparse_value", 11).nested(22, Message())); }},
      {"a sparse type", "model.sparse", [] { return with_type(Message().nested(8, Message())); }},
      {"devices of a model", "model.devices", [] { return whole().nested(26, Message()).bytes(); }},
      {"devices of a node", "model.devices",
       [] { return with_node(identity_with(Message().nested(10, Message()))); }},
      {"an attribute of a function that is not there", "model.reference-attribute",
       [] { return with_attribute(attribute("a", 2).text(21, "b")); }},
      {"a tensor in pieces", "model.tensor-segment",
       [] { return with_weight(floats({1}, 4).nested(3, Message().number(1, 0))); }},
      {"too many nodes", "model.nodes",
       [] { return Message().text(7, as_text(many({0x0a, 0}, kMaxNodes + 1))).bytes(); }},
      {"too many initializers", "model.initializers",
       [] { return Message().text(7, as_text(many({0x2a, 0}, kMaxInitializers + 1))).bytes(); }},
      {"too many attributes", "model.attributes",
       [] { return with_node(raw(many({0x2a, 0}, kMaxAttributes + 1))); }},
      {"too many attributes of one node", "model.attributes",
       [] {
         Message out = node("Identity", {"x"}, {"y"});
         for (uint64_t i = 0; i <= kMaxNodeAttributes; ++i)
           out.nested(5, attribute_int("a" + std::to_string(i), 1));
         return with_node(out);
       }},
      {"graphs too deep", "model.nesting", [] { return deep(kMaxGraphDepth + 1); }},
      {"types too deep", "model.nesting", [] { return with_type(nested_sequences(8)); }},
      {"too many inputs of nodes", "model.values",
       [] { return with_node(raw(many({0x0a, 0}, kMaxValues + 1))); }},
      {"too many strings", "model.strings",
       [] { return with_weight(raw(many({0x32, 0}, kMaxStrings + 1))); }},
      {"too many numbers in lists", "model.listed-numbers",
       [] { return with_weight(Message().text(7, std::string(kMaxListedNumbers + 1, '\0'))); }},
      {"too many parts", "model.parts",
       [] {
         return with_type(
             Message().nested(1, Message().text(2, as_text(many({0x0a, 0}, kMaxParts + 1)))));
       }},
      {"no element type", "model.tensor-type", [] { return with_weight(tensor("w", 0, {1})); }},
      {"an element type of the next ONNX", "model.tensor-type",
       [] { return with_weight(tensor("w", 27, {1}).text(9, "a")); }},
      {"a negative element type", "model.tensor-type",
       [] { return with_weight(tensor("w", -1, {1}).text(9, "a")); }},
      {"an input of an element type that is none", "model.tensor-type",
       [] { return with_type(tensor_type(99, std::nullopt)); }},
      {"a negative dimension", "model.dims", [] { return with_weight(floats({-1}, 4)); }},
      {"two negative dimensions", "model.dims", [] { return with_weight(floats({-2, -2}, 16)); }},
      {"dimensions whose product overflows to 4", "model.dims",
       [] { return with_weight(floats({1LL << 62, 4, 1}, 0)); }},
      {"a zero that hides an overflow", "model.dims",
       [] { return with_weight(floats({1LL << 40, 1LL << 40, 0}, 0)); }},
      {"33 dimensions", "model.dims",
       [] { return with_weight(floats(std::vector<int64_t>(33, 1), 4)); }},
      {"an input of 2^41 elements", "model.dims",
       [] { return with_type(tensor_type(1, std::vector<int64_t>{1LL << 41})); }},
      {"an input with the dimension -2", "model.dims",
       [] {
         return with_type(Message().nested(
             1, Message().number(1, 1).nested(
                    2, Message().nested(1, Message().number(1, static_cast<uint64_t>(-2LL))))));
       }},
      {"fewer bytes than elements", "model.tensor-size",
       [] { return with_weight(floats({2}, 4)); }},
      {"more bytes than elements", "model.tensor-size", [] { return with_weight(floats({1}, 8)); }},
      {"no data", "model.tensor-size", [] { return with_weight(tensor("w", 1, {1})); }},
      {"data in two places", "model.tensor-size",
       [] { return with_weight(floats({1}, 4).text(4, std::string(4, '\0'))); }},
      {"data in two typed fields", "model.tensor-size",
       [] { return with_weight(tensor("w", 7, {1}).number(7, 1).number(5, 1)); }},
      {"strings in raw_data", "model.tensor-size",
       [] { return with_weight(tensor("w", 8, {1}).text(9, "a")); }},
      {"a boolean of 2", "model.bool-value",
       [] { return with_weight(tensor("w", 9, {1}).text(9, "\x02")); }},
      {"a boolean of 2 in int32_data", "model.bool-value",
       [] { return with_weight(tensor("w", 9, {1}).number(5, 2)); }},
      {"an opaque type", "model.type", [] { return with_type(Message().nested(7, Message())); }},
      {"a sequence of nothing", "model.type",
       [] { return with_type(Message().nested(4, Message())); }},
      {"no graph", "model.no-graph",
       [] { return Message().number(1, 8).nested(8, Message().number(2, 17)).bytes(); }},
      {"IR version 2", "model.ir-version", [] { return ir_version(2); }},
      {"IR version 14", "model.ir-version", [] { return ir_version(14); }},
      {"IR version -1", "model.ir-version", [] { return ir_version(UINT64_MAX); }},
      {"no operator sets", "model.opset", [] { return opsets({}); }},
      {"operator set 27", "model.opset", [] { return opsets({{"", 27}}); }},
      {"operator set 0", "model.opset", [] { return opsets({{"", 0}}); }},
      {"operator set 6 of ai.onnx.ml", "model.opset",
       [] { return opsets({{"", 17}, {"ai.onnx.ml", 6}}); }},
      {"operator set 2 of com.microsoft", "model.opset",
       [] { return opsets({{"", 17}, {"com.microsoft", 2}}); }},
      {"one domain by both its names", "model.opset",
       [] { return opsets({{"", 17}, {"ai.onnx", 9}}); }},
      {"a domain that is not imported", "model.opset",
       [] {
         return with_node(
             Message().text(1, "x").text(2, "y").text(4, "Gelu").text(7, "com.microsoft"));
       }},
      {"an unknown domain", "model.domain", [] { return of_domain("org.example", "Add"); }},
      {"a domain for training", "model.domain",
       [] { return of_domain("ai.onnx.preview.training", "Adam"); }},
      {"an operator that loads a file", "model.operator",
       [] { return of_domain("com.microsoft", "EPContext"); }},
      {"an operator that is a decoder", "model.operator",
       [] { return of_domain("com.microsoft", "BeamSearch"); }},
      {"no operator", "model.operator", [] { return with_node(Message().text(2, "y")); }},
      {"a graph where none belongs", "model.subgraph-operator",
       [] { return with_attribute(attribute_graph("body", Message())); }},
      {"a list of graphs", "model.subgraph-operator",
       [] { return with_attribute(attribute("bodies", 10).nested(11, Message())); }},
      {"an attribute without type", "model.attribute",
       [] { return with_attribute(Message().text(1, "a").number(3, 1)); }},
      {"an attribute of another type than its value", "model.attribute",
       [] { return with_attribute(attribute("a", 2).text(4, "text")); }},
      {"an attribute with a graph beside its number", "model.attribute",
       [] { return with_attribute(attribute("a", 2).number(3, 1).nested(6, Message())); }},
      {"an attribute without its tensor", "model.attribute",
       [] { return with_attribute(attribute("value", 4)); }},
      {"two initializers of one name", "model.duplicate-name",
       [] {
         return base()
             .constant("w", Datatype::kFp32, {1}, Bytes(4))
             .constant("w", Datatype::kFp32, {1}, Bytes(4))
             .node("Add", {"x", "w"}, {"y"})
             .model();
       }},
      {"an output of two nodes", "model.duplicate-name",
       [] { return base().node("Identity", {"x"}, {"y"}).node("Identity", {"x"}, {"y"}).model(); }},
      {"an output twice of one node", "model.duplicate-name",
       [] { return base().node("Split", {"x"}, {"y", "y"}).model(); }},
      {"an input that is made as well", "model.duplicate-name",
       [] { return base().node("Identity", {"x"}, {"x"}).model(); }},
      {"a value of the graph around", "model.duplicate-name",
       [] { return loop_with(Graph().input("x", Datatype::kFp32, {1})); }},
      {"an output declared twice", "model.duplicate-name",
       [] {
         return base().output("y", Datatype::kFp32, {1}).node("Identity", {"x"}, {"y"}).model();
       }},
      {"an attribute twice", "model.duplicate-name",
       [] {
         return with_node(
             node("Identity", {"x"}, {"y"}, {attribute_int("a", 1), attribute_int("a", 2)}));
       }},
      {"a node that uses its own output", "model.order",
       [] { return base().node("Add", {"x", "y"}, {"y"}).model(); }},
      {"a cycle of two nodes", "model.order",
       [] { return base().node("Add", {"x", "z"}, {"y"}).node("Neg", {"y"}, {"z"}).model(); }},
      {"nodes in the wrong order", "model.order",
       [] { return base().node("Neg", {"z"}, {"y"}).node("Neg", {"x"}, {"z"}).model(); }},
      {"a graph that uses the output of its node", "model.order",
       [] {
         return loop_with(Graph()
                              .node("Identity", {"y"}, {"inner"})
                              .output("inner", tensor_type(1, std::nullopt)));
       }},
      {"a value that nothing makes", "model.undefined-name",
       [] { return base().node("Add", {"x", "w"}, {"y"}).model(); }},
      {"an output that nothing makes", "model.undefined-name", [] { return base().model(); }},
      {"a graph's output that the graph around makes", "model.undefined-name",
       [] { return loop_with(Graph().output("x", tensor_type(1, std::nullopt))); }},
      {"a value of a graph within", "model.undefined-name",
       [] {
         const Graph body = Graph()
                                .node("Identity", {"x"}, {"inner"})
                                .output("inner", tensor_type(1, std::nullopt));
         return Graph()
             .input("x", Datatype::kFp32, {1})
             .input("go", Datatype::kBool, {})
             .output("y", Datatype::kFp32, {1})
             .node("If", {"go"}, {"z"}, {attribute_graph("then_branch", body.message())})
             .node("Identity", {"inner"}, {"y"})
             .model();
       }},
  };
  return all;
}

TEST(CheckModel, RefusesEachByItsCode) {
  for (const Case& one : cases()) {
    const auto checked = check_model(one.model());
    ASSERT_FALSE(checked.has_value()) << one.what;
    EXPECT_EQ(checked.error().name(), one.code) << one.what << ": " << checked.error().sentence;
    EXPECT_TRUE(checked.error().sentence.ends_with(id_of(checked.error().rule).advice)) << one.what;
    EXPECT_TRUE(all_ascii(as_bytes(checked.error().sentence))) << one.what;
  }
}

TEST(CheckModel, HasACaseForEachRule) {
  for (uint16_t i = 1; i <= kNumRules; ++i) {
    const std::string_view code = id_of(*rule_of(i)).text;
    EXPECT_TRUE(std::ranges::any_of(cases(), [&](const Case& one) { return one.code == code; }))
        << code;
  }
}

TEST(CheckModel, RefusesMoreThanProtobufReads) {
  const Bytes start = whole().bytes();
  const BytesView huge(start.data(), size_t{INT32_MAX} + 1);  // never looked at
  const auto checked = check_model(huge);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().name(), "model.size");
}

TEST(CheckModel, TakesWhatIsJustWithinTheLimits) {
  EXPECT_TRUE(check_model(deep(kMaxGraphDepth)).has_value());
  EXPECT_TRUE(check_model(with_type(nested_sequences(7))).has_value());
  EXPECT_TRUE(check_model(with_weight(floats(std::vector<int64_t>(32, 1), 4))).has_value());
  EXPECT_TRUE(check_model(ir_version(3)).has_value());
  EXPECT_TRUE(check_model(ir_version(13)).has_value());
  EXPECT_TRUE(
      check_model(opsets({{"ai.onnx", 26}, {"ai.onnx.ml", 5}, {"com.microsoft", 1}})).has_value());
  Graph chain = Graph().input("v0", Datatype::kFp32, {1});
  for (uint64_t i = 0; i < kMaxNodes; ++i)
    chain.node("Neg", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
  chain.output("v" + std::to_string(kMaxNodes), Datatype::kFp32, {1});
  EXPECT_TRUE(check_model(chain.model()).has_value());
}

}  // namespace
}  // namespace blindai::onnx
