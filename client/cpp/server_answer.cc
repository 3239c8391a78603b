#include "client/cpp/server_answer.h"

#include <algorithm>

#include "lib/base/json.h"
#include "lib/oip/client_codec.h"

namespace blindai {
namespace {

constexpr JsonLimits kModelLimits{.max_bytes = 64 << 20, .max_depth = 8, .max_values = 4 << 20};
constexpr size_t kMaxRemoteCode = 64;
constexpr Id kRefused{"server.refused"};

Result<std::vector<TensorSpec>> tensors_of(const JsonValue& list) {
  if (!list.is_array()) return fail(Code::kMalformed, kUnknownAnswer, list.offset());
  std::vector<TensorSpec> out;
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list)) {
    TensorSpec spec;
    const auto name = v["name"].string();
    const auto datatype = v["datatype"].plain_string();
    const JsonValue shape = v["shape"];
    if (!name.has_value() || !datatype.has_value() || !shape.is_array())
      return fail(Code::kMalformed, kUnknownAnswer, v.offset());
    const std::optional<Datatype> known = datatype_from_name(*datatype);
    if (!known.has_value()) return fail(Code::kMalformed, kUnknownAnswer, v.offset());
    spec.name = *name;
    spec.datatype = *known;
    for (JsonValue d = shape.first(); d.exists(); d = d.next_in(shape)) {
      const auto dimension = d.i64();
      if (!dimension.has_value() || *dimension < -1)
        return fail(Code::kMalformed, kUnknownAnswer, d.offset());
      spec.shape.push_back(*dimension);
    }
    out.push_back(std::move(spec));
  }
  return out;
}

Result<ModelInfo> model_of(const JsonValue& object) {
  const auto id = object["model_id"].string();
  const auto hash = object["model_hash"].plain_string();
  const auto size = object["size"].u64();
  if (!id.has_value() || !hash.has_value() || !size.has_value())
    return fail(Code::kMalformed, kUnknownAnswer, object.offset());
  const auto digest = array_from_hex<32>(*hash);
  if (!digest.has_value()) return fail(Code::kMalformed, kUnknownAnswer, object.offset());
  const auto receipt = receipt_of(object);
  if (!receipt.has_value()) return fail(Code::kMalformed, kUnknownAnswer, object.offset());
  ModelInfo out{
      .model_id = *id, .model_hash = *digest, .size = *size, .signature = {}, .receipt = *receipt};
  ASSIGN_OR_RETURN(out.signature.inputs, tensors_of(object["inputs"]));
  ASSIGN_OR_RETURN(out.signature.outputs, tensors_of(object["outputs"]));
  return out;
}

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRemoteCode && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

Outcome<ModelInfo> parse_model(std::string_view body) {
  const auto document = JsonDocument::parse(body, kModelLimits);
  if (!document.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  ASSIGN_OR_RETURN(ModelInfo model, model_of(document->root()));
  return model;
}

Outcome<std::vector<ModelInfo>> parse_models(std::string_view body) {
  const auto document = JsonDocument::parse(body, kModelLimits);
  if (!document.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  const JsonValue list = document->root()["models"];
  if (!list.is_array()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  std::vector<ModelInfo> out;
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list)) {
    ASSIGN_OR_RETURN(ModelInfo model, model_of(v));
    out.push_back(std::move(model));
  }
  return out;
}

Outcome<std::optional<Time>> parse_expiry(std::optional<std::string_view> field) {
  if (!field.has_value()) return std::optional<Time>();
  const Result<Time> time = parse_rfc3339(*field);
  if (!time.has_value() || *time < Time())
    return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  return *time;
}

Outcome<std::optional<StoredReceipt>> parse_receipt(std::string_view body) {
  if (body.empty()) return std::optional<StoredReceipt>();
  const auto document = JsonDocument::parse(body, kModelLimits);
  if (!document.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  auto receipt = receipt_of(document->root());
  if (!receipt.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  return *std::move(receipt);
}

Outcome<ModelAccess> parse_access(std::string_view body) {
  auto access = parse_model_access(body);
  if (!access.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  return *std::move(access);
}

Outcome<OwnerKeys> parse_keys(std::string_view body) {
  auto keys = parse_owner_keys(body);
  if (!keys.has_value()) return std::unexpected(Error{Code::kMalformed, kUnknownAnswer});
  return *std::move(keys);
}

Problem problem_of(unsigned status, BytesView body) {
  ServerError error = parse_error_body(status, body);
  Problem out(error.code, kRefused, std::move(error.sentence));
  if (is_code(error.name)) out.remote_code = std::move(error.name);
  return out;
}

}  // namespace blindai
