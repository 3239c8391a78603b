// Writes small ONNX models for tests, so that the tests need no Python.
// Source: onnx.proto (ONNX IR), field numbers as in onnx 1.17.
#pragma once

#include <initializer_list>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/oip/datatype.h"

namespace blindai::onnx_builder {

// TensorProto.DataType of a datatype of the protocol.
int element_type(Datatype datatype);
inline constexpr int kFloat8E4M3Fn = 17;

// A protobuf message being written.
class Message {
 public:
  Message& number(uint32_t field, uint64_t value);
  Message& text(uint32_t field, std::string_view value);
  Message& nested(uint32_t field, const Message& value);
  // Bytes as they are: for what no writer would write.
  Message& raw(BytesView bytes);
  const Bytes& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value);
  Bytes bytes_;
};

// Types for inputs and outputs. shape: -1 is a dimension without a value; nothing: no shape at all.
Message tensor_type(int element, const std::optional<std::vector<int64_t>>& shape);
Message sequence_type(const Message& element);
Message optional_type(const Message& element);

Message attribute_int(std::string_view name, int64_t value);
Message attribute_ints(std::string_view name, const std::vector<int64_t>& values);
Message attribute_graph(std::string_view name, const Message& graph);
Message attribute_text(std::string_view name, std::string_view value);

Message node(std::string_view op, std::initializer_list<std::string_view> inputs,
             std::initializer_list<std::string_view> outputs,
             const std::vector<Message>& attributes = {});
// A tensor without data. element: TensorProto.DataType.
Message tensor(std::string_view name, int element, const std::vector<int64_t>& shape);

class Graph {
 public:
  Graph& input(std::string_view name, const Message& type);
  Graph& output(std::string_view name, const Message& type);
  Graph& input(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape);
  Graph& output(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape);
  Graph& node(std::string_view op, std::initializer_list<std::string_view> inputs,
              std::initializer_list<std::string_view> outputs,
              const std::vector<Message>& attributes = {});
  // raw: row-major, little-endian.
  Graph& constant(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape,
                  BytesView raw);
  // An initializer whose data is said to lie in a file.
  Graph& external(std::string_view name, Datatype datatype, const std::vector<int64_t>& shape,
                  std::string_view file);
  // A field of GraphProto.
  Graph& part(uint32_t field, const Message& value);
  const Message& message() const { return graph_; }
  // The whole model, for this version of the default operators.
  Bytes model(int64_t opset = 17) const { return model_message(opset).bytes(); }
  Message model_message(int64_t opset = 17) const;

 private:
  Message graph_ = Message().text(2, "test");
};

// x -> y, the same.
Bytes identity(Datatype datatype, const std::vector<int64_t>& shape);
// a, b -> sum.
Bytes add(const std::vector<int64_t>& shape);
// shape INT64 [-1] -> y FP32, that many zeros: outputs of any size.
Bytes zeros_of_shape();
// n INT64 [], x FP32 [1] -> y FP32 [1]: x plus 1, n times; ONNX Runtime can be stopped between
// steps.
Bytes loop();
// n INT64 [2] (both equal) -> y FP32 [1]: one matrix product of n x n, which cannot be stopped.
Bytes long_product();
// index INT64 [-1] -> y FP32 [-1]: elements of a table of 10; others fail.
Bytes lookup();
// A model that holds `bytes` of weights, x FP32 [1] -> y FP32 [1].
Bytes heavy(size_t bytes);

}  // namespace blindai::onnx_builder
