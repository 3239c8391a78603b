#include "tests/onnx_builder.h"

#include <array>

#include "lib/base/byte_reader.h"

namespace blindai::onnx_builder {
namespace {

enum AttributeType : uint64_t { kInt = 2, kString = 3, kGraph = 5, kInts = 7 };

Message value_info(std::string_view name, const Message& type) {
  return Message().text(1, name).nested(2, type);
}

Message attribute(std::string_view name, AttributeType type) {
  return Message().text(1, name).number(20, type);
}

Bytes int64_bytes(std::initializer_list<int64_t> values) {
  Bytes out;
  for (int64_t value : values) put_u64le(out, static_cast<uint64_t>(value));
  return out;
}

Message tensor_of(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape) {
  return tensor(name, element_type(datatype), shape);
}

}  // namespace

int element_type(Datatype datatype) {
  constexpr std::array<int, kNumDatatypes> kTypes = {9, 2, 4, 12, 13, 3, 5, 6, 7, 10, 16, 1, 11, 8};
  return kTypes[static_cast<size_t>(datatype)];
}

void Message::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 0x80));
  bytes_.push_back(static_cast<uint8_t>(value));
}

Message& Message::number(uint32_t field, uint64_t value) {
  varint(uint64_t{field} << 3);
  varint(value);
  return *this;
}

Message& Message::text(uint32_t field, std::string_view value) {
  varint(uint64_t{field} << 3 | 2);
  varint(value.size());
  append(bytes_, as_bytes(value));
  return *this;
}

Message& Message::raw(BytesView bytes) {
  append(bytes_, bytes);
  return *this;
}

Message& Message::nested(uint32_t field, const Message& value) {
  return text(field, as_text(value.bytes()));
}

Message tensor_type(int element, const std::optional<std::vector<int64_t>>& shape) {
  Message tensor_part = Message().number(1, static_cast<uint64_t>(element));
  if (shape) {
    Message dims;
    for (int64_t dim : *shape)
      dims.nested(1, dim < 0 ? Message() : Message().number(1, static_cast<uint64_t>(dim)));
    tensor_part.nested(2, dims);
  }
  return Message().nested(1, tensor_part);
}

Message sequence_type(const Message& element) {
  return Message().nested(4, Message().nested(1, element));
}

Message optional_type(const Message& element) {
  return Message().nested(9, Message().nested(1, element));
}

Message attribute_int(std::string_view name, int64_t value) {
  return attribute(name, kInt).number(3, static_cast<uint64_t>(value));
}

Message attribute_ints(std::string_view name, const std::vector<int64_t>& values) {
  Message out = attribute(name, kInts);
  for (int64_t value : values) out.number(8, static_cast<uint64_t>(value));
  return out;
}

Message attribute_graph(std::string_view name, const Message& graph) {
  return attribute(name, kGraph).nested(6, graph);
}

Message attribute_text(std::string_view name, std::string_view value) {
  return attribute(name, kString).text(4, value);
}

Graph& Graph::input(std::string_view name, const Message& type) {
  graph_.nested(11, value_info(name, type));
  return *this;
}

Graph& Graph::output(std::string_view name, const Message& type) {
  graph_.nested(12, value_info(name, type));
  return *this;
}

Graph& Graph::input(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape) {
  return input(name, tensor_type(element_type(datatype), shape));
}

Graph& Graph::output(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape) {
  return output(name, tensor_type(element_type(datatype), shape));
}

Message node(std::string_view op, std::initializer_list<std::string_view> inputs,
             std::initializer_list<std::string_view> outputs,
             const std::vector<Message>& attributes) {
  Message out;
  for (std::string_view name : inputs) out.text(1, name);
  for (std::string_view name : outputs) out.text(2, name);
  out.text(4, op);
  for (const Message& value : attributes) out.nested(5, value);
  return out;
}

Message tensor(std::string_view name, int element, const std::vector<int64_t>& shape) {
  Message out;
  for (int64_t dim : shape) out.number(1, static_cast<uint64_t>(dim));
  return out.number(2, static_cast<uint64_t>(element)).text(8, name);
}

Graph& Graph::part(uint32_t field, const Message& value) {
  graph_.nested(field, value);
  return *this;
}

Graph& Graph::node(std::string_view op, std::initializer_list<std::string_view> inputs,
                   std::initializer_list<std::string_view> outputs,
                   const std::vector<Message>& attributes) {
  return part(1, onnx_builder::node(op, inputs, outputs, attributes));
}

Graph& Graph::constant(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape,
                       BytesView raw) {
  graph_.nested(5, tensor_of(name, datatype, shape).text(9, as_text(raw)));
  return *this;
}

Graph& Graph::external(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape,
                       std::string_view file) {
  constexpr uint64_t kExternal = 1;
  graph_.nested(5, tensor_of(name, datatype, shape)
                       .nested(13, Message().text(1, "location").text(2, file))
                       .number(14, kExternal));
  return *this;
}

Message Graph::model_message(int64_t opset) const {
  constexpr uint64_t kIrVersion = 8;
  return Message()
      .number(1, kIrVersion)
      .text(2, "blindai-tests")
      .nested(7, graph_)
      .nested(8, Message().text(1, "").number(2, static_cast<uint64_t>(opset)));
}

Bytes identity(Datatype datatype, const std::vector<int64_t>& shape) {
  return Graph()
      .input("x", datatype, shape)
      .output("y", datatype, shape)
      .node("Identity", {"x"}, {"y"})
      .model();
}

Bytes add(const std::vector<int64_t>& shape) {
  return Graph()
      .input("a", Datatype::kFp32, shape)
      .input("b", Datatype::kFp32, shape)
      .output("sum", Datatype::kFp32, shape)
      .node("Add", {"a", "b"}, {"sum"})
      .model();
}

Bytes zeros_of_shape() {
  return Graph()
      .input("shape", Datatype::kInt64, {-1})
      .output("y", tensor_type(element_type(Datatype::kFp32), std::nullopt))
      .node("ConstantOfShape", {"shape"}, {"y"})
      .model();
}

Bytes loop() {
  const Bytes one = {0, 0, 0x80, 0x3f};  // 1.0F
  const Bytes yes = {1};
  const Graph body = Graph()
                         .input("i", Datatype::kInt64, {})
                         .input("go_in", Datatype::kBool, {})
                         .input("v_in", Datatype::kFp32, {1})
                         .output("go_out", Datatype::kBool, {})
                         .output("v_out", Datatype::kFp32, {1})
                         .node("Identity", {"go_in"}, {"go_out"})
                         .node("Add", {"v_in", "one"}, {"v_out"});
  return Graph()
      .input("n", Datatype::kInt64, {})
      .input("x", Datatype::kFp32, {1})
      .output("y", Datatype::kFp32, {1})
      .constant("one", Datatype::kFp32, {1}, one)
      .constant("go", Datatype::kBool, {}, yes)
      .node("Loop", {"n", "go", "x"}, {"y"}, {attribute_graph("body", body.message())})
      .model();
}

Bytes long_product() {
  return Graph()
      .input("n", Datatype::kInt64, {2})
      .output("y", Datatype::kFp32, {1})
      .node("ConstantOfShape", {"n"}, {"m"})
      .node("MatMul", {"m", "m"}, {"p"})
      .node("ReduceMax", {"p"}, {"r"},
            {attribute_ints("axes", {0, 1}), attribute_int("keepdims", 0)})
      .constant("one_dim", Datatype::kInt64, {1}, int64_bytes({1}))
      .node("Reshape", {"r", "one_dim"}, {"y"})
      .model();
}

Bytes lookup() {
  return Graph()
      .input("index", Datatype::kInt64, {-1})
      .output("y", Datatype::kFp32, {-1})
      .constant("secret_table", Datatype::kFp32, {10}, Bytes(40, 0))
      .node("Gather", {"secret_table", "index"}, {"y"})
      .model();
}

Bytes heavy(size_t bytes) {
  const auto elements = static_cast<int64_t>(bytes / 4);
  return Graph()
      .input("x", Datatype::kFp32, {1})
      .output("y", Datatype::kFp32, {1})
      .constant("weights", Datatype::kFp32, {elements}, Bytes(bytes / 4 * 4, 0))
      .node("Add", {"x", "weights"}, {"all"})
      .node("ReduceMax", {"all"}, {"r"}, {attribute_int("keepdims", 0)})
      .constant("one_dim", Datatype::kInt64, {1}, int64_bytes({1}))
      .node("Reshape", {"r", "one_dim"}, {"y"})
      .model();
}

}  // namespace blindai::onnx_builder
