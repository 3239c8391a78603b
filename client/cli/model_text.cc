#include "client/cli/model_text.h"

#include <algorithm>

#include "client/cli/console.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return out + "]";
}

std::string list_json(const std::vector<TensorSpec>& specs) {
  std::string out = "[";
  for (const TensorSpec& spec : specs) {
    if (out.size() > 1) out += ',';
    out += "{\"name\":" + json_quote(spec.name) +
           ",\"datatype\":" + json_quote(name_of(spec.datatype)) +
           ",\"shape\":" + shape_text(spec.shape) + "}";
  }
  return out + "]";
}

// The members that make a receipt of the two before them.
std::string receipt_json(const ModelInfo& model) {
  if (!model.receipt.has_value()) return "";
  return ",\"epoch\":" + std::to_string(model.receipt->epoch) +
         ",\"content_id\":" + json_quote(to_hex(model.receipt->content_id));
}

std::string expires_json(const ModelInfo& model) {
  return model.expires.has_value() ? ",\"expires\":" + json_quote(to_rfc3339(*model.expires)) : "";
}

std::string lines_of(std::string_view what, const std::vector<TensorSpec>& specs) {
  std::string out;
  for (const TensorSpec& spec : specs)
    out += "  " + std::string(what) + "  " + printable(spec.name) + "  " + type_text(spec) + "\n";
  return out;
}

std::string types_of(const std::vector<TensorSpec>& specs) {
  std::string out;
  for (const TensorSpec& spec : specs) out += (out.empty() ? "" : ", ") + type_text(spec);
  return out;
}

}  // namespace

std::string type_text(const TensorSpec& spec) {
  return std::string(name_of(spec.datatype)) + " " + shape_text(spec.shape);
}

std::string to_json(const ModelInfo& model) {
  return "{\"model_id\":" + json_quote(model.model_id) +
         ",\"model_hash\":" + json_quote(to_hex(model.model_hash)) +
         ",\"size\":" + std::to_string(model.size) + receipt_json(model) + expires_json(model) +
         ",\"inputs\":" + list_json(model.signature.inputs) +
         ",\"outputs\":" + list_json(model.signature.outputs) + "}";
}

std::string describe(const ModelInfo& model) {
  return printable(model.model_id) + "\n  sha256  " + to_hex(model.model_hash) + "\n  size    " +
         size_text(model.size) +
         (model.receipt.has_value() ? "\n  epoch   " + std::to_string(model.receipt->epoch) : "") +
         (model.expires.has_value()
              ? "\n  expires " + to_rfc3339(*model.expires) + ", unless it is used before"
              : "") +
         "\n" + lines_of("input ", model.signature.inputs) +
         lines_of("output", model.signature.outputs);
}

std::string table_of(const std::vector<ModelInfo>& models) {
  if (models.empty()) return "";
  size_t width = 5;
  for (const ModelInfo& model : models) width = std::max(width, printable(model.model_id).size());
  const auto row = [width](const std::string& id, const std::string& hash, const std::string& size,
                           const std::string& types) {
    std::string out = id;
    out.append(width + 2 - std::min(width, id.size()), ' ');
    out += hash + "  ";
    out.append(size.size() < 10 ? 10 - size.size() : 0, ' ');
    return out + size + "  " + types + "\n";
  };
  std::string out = row("MODEL", "SHA-256     ", "SIZE", "INPUTS -> OUTPUTS");
  for (const ModelInfo& model : models)
    out += row(printable(model.model_id), to_hex(model.model_hash).substr(0, 12),
               size_text(model.size),
               types_of(model.signature.inputs) + " -> " + types_of(model.signature.outputs));
  return out;
}

}  // namespace blindai
