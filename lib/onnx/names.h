// The values that one graph makes, and in which order: to find names used twice, used before they
// are made (which every cycle does somewhere), or never made.
//
// A graph's inputs and initializers are there from the start, the outputs of its node k from node
// k + 1 on. A graph within a node sees what the graph around it has made before that node, and may
// not use those names for values of its own (ONNX IR, "Names Within a Graph").
// Pure; borrows the names; memory: 24 bytes a name.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace blindai::onnx {

class Names {
 public:
  enum class Role : uint8_t { kInput, kInitializer, kNodeOutput };
  enum class Found : uint8_t { kThere, kLater, kNowhere };

  // outer: of the graph around this one, null for the model's own graph.
  explicit Names(const Names* outer) : outer_(outer) {}

  void add(std::string_view name, Role role, uint32_t node = 0);
  // After the last add(). Returns a name that is made twice, or also by a graph around this one;
  // empty when there is none. One input and one initializer of the same name are one value.
  std::string_view sort();
  // Node `node` of this graph is looked at next: what it uses, and what graphs in it see.
  void at_node(uint32_t node) { node_ = node; }
  // As the current node, and graphs in it, see it.
  Found find(std::string_view name) const;
  // Whether this graph itself makes it, in any place.
  bool makes(std::string_view name) const;

 private:
  struct Made {
    std::string_view name;
    uint32_t from;  // the first node that sees it
    Role role;
  };
  const Made* lookup(std::string_view name) const;

  const Names* outer_;
  std::vector<Made> made_;
  uint32_t node_ = 0;
};

}  // namespace blindai::onnx
