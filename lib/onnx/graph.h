// The checks of meaning, over messages that lib/onnx/schema.h has walked: names, order, operators,
// attributes, tensors. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "lib/onnx/names.h"
#include "lib/onnx/wire.h"

namespace blindai::onnx {

class GraphCheck {
 public:
  // domains: that the model imports, as domain_name() gives them.
  explicit GraphCheck(std::vector<std::string_view> domains) : domains_(std::move(domains)) {}

  // A graph and all within it. outer: null for the model's own.
  Checked<void> check(BytesView graph, const Names* outer);
  // Bytes of all tensors.
  uint64_t tensor_bytes() const { return tensor_bytes_; }

 private:
  struct Node;
  Checked<void> collect(BytesView graph, Names& names);
  Checked<void> value_infos(BytesView graph);
  Checked<void> node(const Node& node, const Names& names);
  Checked<void> operator_of(const Node& node);
  Checked<void> attribute(const Node& node, BytesView attribute, const Names& names,
                          std::vector<std::string_view>& seen);
  Checked<void> attribute_values(const Node& node, BytesView attribute, std::string_view name,
                                 const Names& names);
  Checked<void> tensor(BytesView tensor, const std::string& owner);

  std::vector<std::string_view> domains_;
  uint64_t tensor_bytes_ = 0;
};

}  // namespace blindai::onnx
