#include "lib/onnx/check.h"

#include <algorithm>
#include <optional>

#include "lib/onnx/graph.h"
#include "lib/onnx/limits.h"
#include "lib/onnx/operators.h"

namespace blindai::onnx {
namespace {

struct Import {
  std::string_view domain;
  int64_t version = 0;
};

Import read_import(BytesView message) {
  Import out;
  CheckedFields fields(message);
  for (Field f; fields.next(f);) {
    if (f.number == opset_field::kDomain) out.domain = as_text(f.bytes);
    if (f.number == opset_field::kVersion) out.version = static_cast<int64_t>(f.value);
  }
  out.domain = domain_name(out.domain);
  return out;
}

// The domain it imports. Domains that are not allowed may be imported, since tools list all that
// they know; a node of them is refused.
Checked<void> add_import(const Import& import, std::vector<std::string_view>& domains) {
  const std::string version = std::to_string(import.version);
  if (std::ranges::find(domains, import.domain) != domains.end())
    return refuse(Rule::kOpset, "The operator domain " + in_quotes(import.domain) +
                                    " is imported twice; \"\" and \"ai.onnx\" are the same.");
  if (domains.size() == kMaxOpsets)
    return refuse(Rule::kOpset, "The model imports more than 64 operator domains.");
  const Domain* known = find_domain(import.domain);
  if (known != nullptr && (import.version < 1 || import.version > known->newest_opset))
    return refuse(Rule::kOpset, "The model uses operator set " + version + " of " +
                                    in_quotes(import.domain) + "; 1 to " +
                                    std::to_string(known->newest_opset) + " are run here.");
  domains.push_back(import.domain);
  return {};
}

struct Model {
  std::optional<int64_t> ir_version;
  std::optional<BytesView> graph;
  std::vector<std::string_view> domains;
};

Checked<Model> read_model(BytesView file) {
  Model out;
  CheckedFields fields(file);
  for (Field f; fields.next(f);) {
    if (f.number == model_field::kIrVersion) out.ir_version = static_cast<int64_t>(f.value);
    if (f.number == model_field::kGraph) out.graph = f.bytes;
    if (f.number == model_field::kOpset) {
      RETURN_IF_ERROR(add_import(read_import(f.bytes), out.domains));
    }
  }
  return out;
}

}  // namespace

Checked<ModelSummary> check_model(BytesView file) {
  ModelSummary out;
  ASSIGN_OR_RETURN(out.counts, walk(file));
  ASSIGN_OR_RETURN(Model model, read_model(file));
  if (!model.graph.has_value()) return refuse(Rule::kNoGraph, "The file has no graph.");
  if (!model.ir_version.has_value() || *model.ir_version < kMinIrVersion ||
      *model.ir_version > kMaxIrVersion)
    return refuse(Rule::kIrVersion,
                  model.ir_version.has_value()
                      ? "The model is of IR version " + std::to_string(*model.ir_version) + "."
                      : std::string("The model does not say its IR version."));
  if (model.domains.empty())
    return refuse(Rule::kOpset, "The model does not say its operator sets.");
  GraphCheck check(std::move(model.domains));
  RETURN_IF_ERROR(check.check(*model.graph, nullptr));
  out.tensor_bytes = check.tensor_bytes();
  return out;
}

}  // namespace blindai::onnx
