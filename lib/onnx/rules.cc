#include "lib/onnx/rules.h"

#include <array>

namespace blindai::onnx {
namespace {

constexpr char kExportAgain[] = "Export the model again with onnx.save.";
constexpr char kSmaller[] = "Models of this size are not run here: simplify the model or split it.";

// In the order of Rule.
constexpr std::array<Id, kNumRules> kIds = {{
    {"model.size", "Upload one ONNX file of at most 2147483647 bytes."},
    {"model.truncated", "Upload the whole file, or export the model again with onnx.save."},
    {"model.varint", kExportAgain},
    {"model.group", kExportAgain},
    {"model.wire-type", kExportAgain},
    {"model.unknown-field", "Upload an ONNX file as ONNX 1.22 defines it."},
    {"model.repeated-field", kExportAgain},
    {"model.packed-data", kExportAgain},
    {"model.number-range", kExportAgain},
    {"model.utf8", "Write names and texts in UTF-8."},
    {"model.text-length", "Shorten it."},
    {"model.name", "Rename it."},
    {"model.external-data",
     "Everything must be in the one file: save it with save_as_external_data=False."},
    {"model.functions", "Inline the model's own functions first, with onnx.inliner."},
    {"model.training", "Export the model for inference."},
    {"model.sparse", "Store the tensor densely."},
    {"model.devices", "Export the model for one device."},
    {"model.reference-attribute", "Give the attribute a value."},
    {"model.tensor-segment", "Store the tensor in one piece."},
    {"model.nodes", kSmaller},
    {"model.initializers", kSmaller},
    {"model.attributes", kSmaller},
    {"model.nesting", "Flatten the model."},
    {"model.values", kSmaller},
    {"model.strings", kSmaller},
    {"model.listed-numbers", "Store large tensors in raw_data."},
    {"model.parts", kSmaller},
    {"model.tensor-type", "Use an element type of ONNX 1.22."},
    {"model.dims", "Correct the dimensions."},
    {"model.tensor-size", "Store exactly the elements that the dimensions say."},
    {"model.bool-value", "Store 0 or 1 for each element."},
    {"model.type", "Use tensors, sequences, maps or optionals of them."},
    {"model.no-graph", "Upload an ONNX model, not another kind of file."},
    {"model.ir-version", "Export the model with IR version 3 to 13."},
    {"model.opset", "Convert the model with onnx.version_converter."},
    {"model.domain", "Use operators of ai.onnx, ai.onnx.ml or com.microsoft."},
    {"model.operator", "Replace this operator."},
    {"model.subgraph-operator", "Only If, Loop, Scan and SequenceMap may hold graphs."},
    {"model.attribute", kExportAgain},
    {"model.duplicate-name", "Give each value a name of its own."},
    {"model.order", "Sort the nodes so that each comes after those whose values it uses."},
    {"model.undefined-name",
     "Make every value that is used an input, an initializer or an output."},
}};

}  // namespace

Id id_of(Rule rule) {
  return kIds[static_cast<size_t>(rule) - 1];
}

std::optional<Rule> rule_of(uint16_t number) {
  if (number == 0 || number > kNumRules) return std::nullopt;
  return static_cast<Rule>(number);
}

std::unexpected<Refusal> refuse(Rule rule, std::string what) {
  what += ' ';
  what += id_of(rule).advice;
  return std::unexpected(Refusal{rule, std::move(what)});
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kShown = 60;
  std::string out = "'";
  for (const char c : name.substr(0, kShown)) out += c >= 0x20 && c < 0x7f ? c : '?';
  if (name.size() > kShown) out += "...";
  return out += '\'';
}

}  // namespace blindai::onnx
