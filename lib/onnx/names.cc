#include "lib/onnx/names.h"

#include <algorithm>
#include <tuple>

namespace blindai::onnx {

void Names::add(std::string_view name, Role role, uint32_t node) {
  made_.push_back({name, role == Role::kNodeOutput ? node + 1 : 0, role});
}

std::string_view Names::sort() {
  std::ranges::sort(made_, [](const Made& a, const Made& b) {
    return std::tie(a.name, a.from, a.role) < std::tie(b.name, b.from, b.role);
  });
  for (size_t i = 0; i < made_.size(); ++i) {
    for (const Names* around = outer_; around != nullptr; around = around->outer_)
      if (around->makes(made_[i].name)) return made_[i].name;
    if (i == 0 || made_[i].name != made_[i - 1].name) continue;
    const bool default_value =
        made_[i - 1].role == Role::kInput && made_[i].role == Role::kInitializer;
    if (!default_value) return made_[i].name;
  }
  return {};
}

const Names::Made* Names::lookup(std::string_view name) const {
  const auto found = std::ranges::lower_bound(made_, name, {}, &Made::name);
  return found == made_.end() || found->name != name ? nullptr : &*found;
}

bool Names::makes(std::string_view name) const {
  return lookup(name) != nullptr;
}

Names::Found Names::find(std::string_view name) const {
  for (const Names* graph = this; graph != nullptr; graph = graph->outer_)
    if (const Made* made = graph->lookup(name))
      return made->from <= graph->node_ ? Found::kThere : Found::kLater;
  return Found::kNowhere;
}

}  // namespace blindai::onnx
