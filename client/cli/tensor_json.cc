#include "client/cli/tensor_json.h"

#include <algorithm>

#include "client/cli/json_element.h"

namespace blindai {
namespace {

constexpr JsonLimits kLimits{.max_bytes = 512u << 20, .max_depth = 40, .max_values = 32u << 20};
constexpr uint64_t kMaxJsonElements = uint64_t{1} << 32;
constexpr size_t kMaxRank = 32;  // also bounds the recursion over dimensions
constexpr Id kForm{
    "tensor.form",
    "The JSON is not a tensor; give nested arrays of one kind, {\"name\": arrays}, or "
    "{\"inputs\": [{\"name\", \"datatype\", \"shape\", \"data\"}]}."};
constexpr Id kRagged{"tensor.ragged",
                     "The arrays are not all equally long; pad them, so that they make a tensor."};
constexpr Id kShape{"tensor.shape", "The shape does not fit the number of elements; correct one."};

// {"base64": …} is an element, not a tensor by name.
bool is_element(const JsonValue& value) {
  return !value.is_array() && !(value.is_object() && !value["base64"].exists());
}

// Lengths along the first elements; append_nested_elements() holds all others against them.
Result<std::vector<int64_t>> shape_of(JsonValue value) {
  std::vector<int64_t> out;
  while (value.is_array()) {
    out.push_back(static_cast<int64_t>(value.size()));
    if (value.size() == 0) return out;
    value = value.first();
  }
  if (!is_element(value)) return fail(Code::kInvalid, kForm, value.offset());
  return out;
}

Status append_nested_elements(Bytes& out, Datatype datatype, const JsonValue& value,
                              std::span<const int64_t> shape) {
  if (shape.empty()) {
    if (value.is_array()) return fail(Code::kInvalid, kRagged, value.offset());
    return append_element(out, datatype, value);
  }
  if (!value.is_array() || static_cast<int64_t>(value.size()) != shape[0])
    return fail(Code::kInvalid, kRagged, value.offset());
  for (JsonValue v = value.first(); v.exists(); v = v.next_in(value))
    RETURN_IF_ERROR(append_nested_elements(out, datatype, v, shape.subspan(1)));
  return {};
}

Problem unknown_input(const std::string& name, const ModelSignature& signature) {
  std::string names;
  for (const TensorSpec& spec : signature.inputs) names += (names.empty() ? "" : ", ") + spec.name;
  return Problem(Code::kInvalid, "tensor.input",
                 "The model has no input \"" + name + "\"; it has " + names + ".");
}

const TensorSpec* find_input(const std::string& name, const ModelSignature& signature) {
  if (name.empty()) return signature.inputs.empty() ? nullptr : &signature.inputs.front();
  const auto found = std::ranges::find(signature.inputs, name, &TensorSpec::name);
  return found == signature.inputs.end() ? nullptr : &*found;
}

Outcome<Tensor> nested_tensor(const JsonValue& value, const std::string& name,
                              const ModelSignature& signature) {
  const TensorSpec* spec = find_input(name, signature);
  if (spec == nullptr) return std::unexpected(unknown_input(name, signature));
  Tensor out{.name = spec->name, .datatype = spec->datatype, .shape = {}, .data = {}};
  ASSIGN_OR_RETURN(out.shape, shape_of(value));
  RETURN_IF_ERROR(append_nested_elements(out.data, out.datatype, value, out.shape));
  return out;
}

// "shape" says the shape; "data" may be flat or nested in any way that has as many elements.
Outcome<Tensor> protocol_tensor(const JsonValue& object, const ModelSignature& signature) {
  const auto name = object["name"].string();
  const JsonValue data = object["data"];
  if (!object.is_object() || !name.has_value() || !data.is_array())
    return std::unexpected(Error{Code::kInvalid, kForm, object.offset()});
  const TensorSpec* spec = find_input(*name, signature);
  if (spec == nullptr) return std::unexpected(unknown_input(*name, signature));
  Tensor out{.name = *name, .datatype = spec->datatype, .shape = {}, .data = {}};
  if (const JsonValue datatype = object["datatype"]; datatype.exists()) {
    const auto known = datatype_from_name(datatype.plain_string().value_or(""));
    if (!known.has_value()) return std::unexpected(Error{Code::kInvalid, kForm, datatype.offset()});
    out.datatype = *known;
  }
  ASSIGN_OR_RETURN(const std::vector<int64_t> nested, shape_of(data));
  RETURN_IF_ERROR(append_nested_elements(out.data, out.datatype, data, nested));
  out.shape = nested;
  if (const JsonValue shape = object["shape"]; shape.exists()) {
    out.shape.clear();
    for (JsonValue d = shape.first(); d.exists(); d = d.next_in(shape)) {
      const auto dimension = d.i64();
      if (!dimension.has_value() || out.shape.size() == kMaxRank)
        return std::unexpected(Error{Code::kInvalid, kShape, d.offset()});
      out.shape.push_back(*dimension);
    }
    if (!shape.is_array() ||
        num_elements(out.shape, kMaxJsonElements) != num_elements(nested, kMaxJsonElements))
      return std::unexpected(Error{Code::kInvalid, kShape, shape.offset()});
  }
  return out;
}

Outcome<void> append_level(std::string& out, const Tensor& tensor, size_t depth, ByteReader& in) {
  if (depth == tensor.shape.size()) {
    if (!append_json_element(out, tensor.datatype, in))
      return std::unexpected(Error{Code::kMalformed, kShape});
    return {};
  }
  out += '[';
  for (int64_t i = 0; i < tensor.shape[depth]; ++i) {
    if (i > 0) out += ',';
    RETURN_IF_ERROR(append_level(out, tensor, depth + 1, in));
  }
  out += ']';
  return {};
}

}  // namespace

Outcome<std::vector<Tensor>> tensors_from_json(std::string_view text, const std::string& name,
                                               const ModelSignature& signature) {
  ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::parse(text, kLimits));
  const JsonValue root = document.root();
  std::vector<Tensor> out;
  if (is_element(root) || root.is_array()) {
    ASSIGN_OR_RETURN(Tensor tensor, nested_tensor(root, name, signature));
    out.push_back(std::move(tensor));
    return out;
  }
  if (!name.empty()) return std::unexpected(Error{Code::kInvalid, kForm});
  const JsonValue inputs = root["inputs"];
  const bool protocol = root.size() >= 1 && inputs.is_array() && inputs.first().is_object() &&
                        inputs.first()["data"].exists();
  const JsonValue list = protocol ? inputs : root;
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list)) {
    ASSIGN_OR_RETURN(Tensor tensor, protocol ? protocol_tensor(v, signature)
                                             : nested_tensor(v, v.key(), signature));
    out.push_back(std::move(tensor));
  }
  if (out.empty()) return std::unexpected(Error{Code::kInvalid, kForm});
  return out;
}

Outcome<void> append_nested(std::string& out, const Tensor& tensor) {
  const std::optional<uint64_t> count = num_elements(tensor.shape, kMaxJsonElements);
  const size_t size = element_size(tensor.datatype);
  if (!count.has_value() || tensor.shape.size() > kMaxRank ||
      (size != 0 && tensor.data.size() != *count * size))
    return std::unexpected(Error{Code::kMalformed, kShape});
  ByteReader in(tensor.data);
  // A dimension of 0 may be followed by any others; their brackets would have no end.
  if (*count == 0 && !tensor.shape.empty()) {
    out += "[]";
  } else {
    RETURN_IF_ERROR(append_level(out, tensor, 0, in));
  }
  if (!in.done()) return std::unexpected(Error{Code::kMalformed, kShape});
  return {};
}

}  // namespace blindai
