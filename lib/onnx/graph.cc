#include "lib/onnx/graph.h"

#include <algorithm>
#include <array>

#include "lib/onnx/limits.h"
#include "lib/onnx/operators.h"
#include "lib/onnx/schema.h"
#include "lib/onnx/tensor.h"

namespace blindai::onnx {
namespace {

constexpr uint64_t kGraphAttribute = 5;

// AttributeProto.AttributeType by number, and the one field that holds it. 0 where a type has none
// here: UNDEFINED, graphs, sparse tensors. A single tensor, graph or type has to be there; a number
// or text may be left out when it is zero or empty, as some writers do.
struct AttributeKind {
  uint32_t field;
  bool required;
};
constexpr std::array<AttributeKind, 15> kAttributeKinds = {{
    {0, false},
    {attribute_field::kFloat, false},
    {attribute_field::kInt, false},
    {attribute_field::kString, false},
    {attribute_field::kTensor, true},
    {attribute_field::kGraph, true},
    {attribute_field::kFloats, false},
    {attribute_field::kInts, false},
    {attribute_field::kStrings, false},
    {attribute_field::kTensors, false},
    {0, false},
    {0, false},
    {0, false},
    {attribute_field::kTypeProto, true},
    {attribute_field::kTypeProtos, false},
}};

std::string_view text_of(BytesView message, uint32_t number) {
  CheckedFields fields(message);
  for (Field f; fields.next(f);)
    if (f.number == number && f.type == WireType::kBytes) return as_text(f.bytes);
  return {};
}

BytesView type_of_value(BytesView value_info) {
  return as_bytes(text_of(value_info, value_field::kType));
}

}  // namespace

struct GraphCheck::Node {
  explicit Node(BytesView bytes) : message(bytes) {
    CheckedFields fields(bytes);
    for (Field f; fields.next(f);) {
      if (f.number == node_field::kName) name = as_text(f.bytes);
      if (f.number == node_field::kOpType) op_type = as_text(f.bytes);
      if (f.number == node_field::kDomain) domain = as_text(f.bytes);
    }
    domain = domain_name(domain);
  }
  std::string label() const {
    return "The node " + in_quotes(name) + " (" + in_quotes(op_type) + ")";
  }

  BytesView message;
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;
};

Checked<void> GraphCheck::tensor(BytesView tensor, const std::string& owner) {
  ASSIGN_OR_RETURN(const uint64_t bytes, check_tensor(tensor, owner));
  tensor_bytes_ += bytes;
  return {};
}

// What the graph makes, and whether its inputs and initializers hold by themselves.
Checked<void> GraphCheck::collect(BytesView graph, Names& names) {
  uint32_t node = 0;
  CheckedFields fields(graph);
  for (Field f; fields.next(f);) {
    if (f.number == graph_field::kInput) {
      const std::string_view name = text_of(f.bytes, value_field::kName);
      if (name.empty()) return refuse(Rule::kName, "An input of a graph has no name.");
      names.add(name, Names::Role::kInput);
      RETURN_IF_ERROR(check_type(type_of_value(f.bytes), "The input " + in_quotes(name)));
    } else if (f.number == graph_field::kInitializer) {
      const std::string_view name = text_of(f.bytes, tensor_field::kName);
      if (name.empty()) return refuse(Rule::kName, "An initializer has no name.");
      names.add(name, Names::Role::kInitializer);
      RETURN_IF_ERROR(tensor(f.bytes, "The initializer " + in_quotes(name)));
    } else if (f.number == graph_field::kNode) {
      CheckedFields parts(f.bytes);
      for (Field part; parts.next(part);)
        if (part.number == node_field::kOutput && !part.bytes.empty())
          names.add(as_text(part.bytes), Names::Role::kNodeOutput, node);
      ++node;
    }
  }
  if (const std::string_view twice = names.sort(); !twice.empty())
    return refuse(Rule::kDuplicateName, "The value " + in_quotes(twice) + " is made twice.");
  return {};
}

// Types that the graph declares for values within it, and the graph's outputs.
Checked<void> GraphCheck::value_infos(BytesView graph) {
  std::array<std::vector<std::string_view>, 2> declared;
  CheckedFields fields(graph);
  for (Field f; fields.next(f);) {
    if (f.number != graph_field::kValueInfo && f.number != graph_field::kOutput) continue;
    const std::string_view name = text_of(f.bytes, value_field::kName);
    if (name.empty()) return refuse(Rule::kName, "An output or declared value has no name.");
    declared[f.number == graph_field::kOutput ? 0 : 1].push_back(name);
    RETURN_IF_ERROR(check_type(type_of_value(f.bytes), "The value " + in_quotes(name)));
  }
  for (auto& names : declared) {
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice != names.end())
      return refuse(Rule::kDuplicateName, "The value " + in_quotes(*twice) + " is declared twice.");
  }
  return {};
}

Checked<void> GraphCheck::check(BytesView graph, const Names* outer) {
  Names names(outer);
  RETURN_IF_ERROR(collect(graph, names));
  RETURN_IF_ERROR(value_infos(graph));
  uint32_t index = 0;
  CheckedFields fields(graph);
  for (Field f; fields.next(f);) {
    if (f.number == graph_field::kOutput) {
      const std::string_view name = text_of(f.bytes, value_field::kName);
      if (!names.makes(name))
        return refuse(Rule::kUndefinedName,
                      "A graph's output " + in_quotes(name) + " is not made in that graph.");
    }
    if (f.number != graph_field::kNode) continue;
    names.at_node(index++);
    RETURN_IF_ERROR(node(Node(f.bytes), names));
  }
  return {};
}

Checked<void> GraphCheck::operator_of(const Node& node) {
  if (node.op_type.empty())
    return refuse(Rule::kOperator, "The node " + in_quotes(node.name) + " has no operator.");
  if (find_domain(node.domain) == nullptr)
    return refuse(Rule::kDomain,
                  node.label() + " is of the operator domain " + in_quotes(node.domain) + ".");
  if (std::ranges::find(domains_, node.domain) == domains_.end())
    return refuse(Rule::kOpset, node.label() + " is of the operator domain " +
                                    in_quotes(node.domain) + ", which the model does not import.");
  if (const RefusedOperator* refused = find_refused(node.domain, node.op_type))
    return refuse(Rule::kOperator, node.label() + " " + std::string(refused->why) + ".");
  return {};
}

Checked<void> GraphCheck::node(const Node& node, const Names& names) {
  RETURN_IF_ERROR(operator_of(node));
  std::vector<std::string_view> attributes;
  CheckedFields fields(node.message);
  for (Field f; fields.next(f);) {
    if (f.number == node_field::kAttribute) {
      RETURN_IF_ERROR(attribute(node, f.bytes, names, attributes));
    }
    if (f.number != node_field::kInput || f.bytes.empty()) continue;
    switch (names.find(as_text(f.bytes))) {
      case Names::Found::kThere:
        break;
      case Names::Found::kLater:
        return refuse(Rule::kOrder, node.label() + " uses " + in_quotes(as_text(f.bytes)) +
                                        ", which it makes itself or a later node does.");
      case Names::Found::kNowhere:
        return refuse(Rule::kUndefinedName, node.label() + " uses " + in_quotes(as_text(f.bytes)) +
                                                ", which nothing makes.");
    }
  }
  return {};
}

Checked<void> GraphCheck::attribute(const Node& node, BytesView attribute, const Names& names,
                                    std::vector<std::string_view>& seen) {
  const std::string_view name = text_of(attribute, attribute_field::kName);
  if (name.empty()) return refuse(Rule::kName, node.label() + " has an attribute without name.");
  if (std::ranges::find(seen, name) != seen.end())
    return refuse(Rule::kDuplicateName,
                  node.label() + " has the attribute " + in_quotes(name) + " twice.");
  if (seen.size() == kMaxNodeAttributes)
    return refuse(Rule::kAttributes, node.label() + " has more than " +
                                         std::to_string(kMaxNodeAttributes) + " attributes.");
  seen.push_back(name);
  uint64_t type = 0;
  CheckedFields fields(attribute);
  for (Field f; fields.next(f);)
    if (f.number == attribute_field::kType) type = f.value;
  const AttributeKind& kind = kAttributeKinds[type];
  bool there = false;
  CheckedFields values(attribute);
  for (Field f; values.next(f);) {
    if (f.number == attribute_field::kName || f.number == attribute_field::kDoc ||
        f.number == attribute_field::kType || f.number == attribute_field::kReference)
      continue;
    if (f.number != kind.field)
      return refuse(Rule::kAttribute, "The attribute " + in_quotes(name) + " of " +
                                          in_quotes(node.name) +
                                          " holds another type than it says.");
    there = true;
  }
  if (kind.field == 0 || (kind.required && !there))
    return refuse(Rule::kAttribute, "The attribute " + in_quotes(name) + " of " +
                                        in_quotes(node.name) + " has no value.");
  if (type == kGraphAttribute && !may_hold_graphs(node.domain, node.op_type))
    return refuse(Rule::kSubgraphOperator, node.label() + " holds a graph.");
  return attribute_values(node, attribute, name, names);
}

Checked<void> GraphCheck::attribute_values(const Node& node, BytesView attribute,
                                           std::string_view name, const Names& names) {
  const auto owner = [&] {
    return "The attribute " + in_quotes(name) + " of the node " + in_quotes(node.name);
  };
  CheckedFields fields(attribute);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case attribute_field::kTensor:
      case attribute_field::kTensors:
        RETURN_IF_ERROR(tensor(f.bytes, owner()));
        break;
      case attribute_field::kTypeProto:
      case attribute_field::kTypeProtos:
        RETURN_IF_ERROR(check_type(f.bytes, owner()));
        break;
      case attribute_field::kGraph:
        RETURN_IF_ERROR(check(f.bytes, &names));
        break;
      default:
        break;
    }
  }
  return {};
}

}  // namespace blindai::onnx
