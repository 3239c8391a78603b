#include "lib/oip/metadata.h"

#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace blindai {
namespace {

namespace json = boost::json;

// What clients of Triton expect of a model run by ONNX Runtime.
constexpr std::string_view kPlatform = "onnxruntime_onnx";
constexpr std::string_view kBackend = "onnxruntime";
// Every model has exactly one version here: replacing it makes another model hash, not a version.
constexpr std::string_view kVersion = "1";
constexpr size_t kMaxListedModels = 1'000'000;

json::string_view jstring(std::string_view text) {
  return {text.data(), text.size()};
}

json::array shape_of(const TensorSpec& spec) {
  json::array out;
  for (int64_t dim : spec.shape) out.push_back(dim);
  return out;
}

json::array specs_of(const std::vector<TensorSpec>& specs) {
  json::array out;
  for (const TensorSpec& spec : specs)
    out.push_back(json::object{{"name", spec.name},
                               {"datatype", jstring(name_of(spec.datatype))},
                               {"shape", shape_of(spec)}});
  return out;
}

// Triton's name of a datatype in a configuration: TYPE_FP32; strings are TYPE_STRING.
std::string config_type(Datatype datatype) {
  if (datatype == Datatype::kBytes) return "TYPE_STRING";
  return "TYPE_" + std::string(name_of(datatype));
}

json::array config_tensors(const std::vector<TensorSpec>& specs) {
  json::array out;
  for (const TensorSpec& spec : specs)
    out.push_back(json::object{
        {"name", spec.name}, {"data_type", config_type(spec.datatype)}, {"dims", shape_of(spec)}});
  return out;
}

json::object sum_of(const ModelStatistics::Sum& sum) {
  return {{"count", sum.count}, {"ns", sum.ns}};
}

json::object statistics_of(std::string_view model_id, const ModelStatistics& s) {
  return {{"name", jstring(model_id)},
          {"version", jstring(kVersion)},
          {"last_inference", s.last_inference_ms},
          {"inference_count", s.success.count},
          {"execution_count", s.success.count},
          {"inference_stats", json::object{{"success", sum_of(s.success)},
                                           {"fail", sum_of(s.fail)},
                                           {"queue", sum_of(s.queue)},
                                           {"compute_input", sum_of(s.compute_input)},
                                           {"compute_infer", sum_of(s.compute_infer)},
                                           {"compute_output", sum_of(s.compute_output)},
                                           {"cache_hit", sum_of({})},
                                           {"cache_miss", sum_of({})}}},
          {"batch_stats", json::array{}},
          {"memory_usage", json::array{}}};
}

json::object description_of(const ModelDescription& model) {
  json::object out{{"model_id", model.model_id},
                   {"model_hash", to_hex(model.model_hash)},
                   {"size", model.size},
                   {"saved", model.saved},
                   {"inputs", specs_of(model.signature.inputs)},
                   {"outputs", specs_of(model.signature.outputs)}};
  if (model.saved) {
    out["epoch"] = model.epoch;
    out["content_id"] = to_hex(model.content_id);
  }
  return out;
}

// "epoch" and "content_id": both of a saved model, neither of another.
bool read_receipt(const json::object& object, ModelDescription& out) {
  const json::value* epoch = object.if_contains("epoch");
  const json::value* content = object.if_contains("content_id");
  if (!out.saved) return epoch == nullptr && content == nullptr;
  if (epoch == nullptr || content == nullptr || !epoch->is_int64() || epoch->get_int64() < 0 ||
      !content->is_string())
    return false;
  const Result<ByteArray<32>> id =
      array_from_hex<32>({content->get_string().data(), content->get_string().size()});
  if (!id.has_value()) return false;
  out.epoch = static_cast<uint64_t>(epoch->get_int64());
  out.content_id = *id;
  return true;
}

std::optional<TensorSpec> read_spec(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const json::value* name = object->if_contains("name");
  const json::value* datatype = object->if_contains("datatype");
  const json::value* shape = object->if_contains("shape");
  if (name == nullptr || datatype == nullptr || shape == nullptr || !name->is_string() ||
      !datatype->is_string() || !shape->is_array())
    return std::nullopt;
  const std::optional<Datatype> known =
      datatype_from_name({datatype->get_string().data(), datatype->get_string().size()});
  if (!known.has_value()) return std::nullopt;
  TensorSpec out{.name = std::string(name->get_string().c_str(), name->get_string().size()),
                 .datatype = *known,
                 .shape = {}};
  for (const json::value& dim : shape->get_array()) {
    if (!dim.is_int64()) return std::nullopt;
    out.shape.push_back(dim.get_int64());
  }
  return out;
}

bool read_specs(const json::value* value, std::vector<TensorSpec>& out) {
  if (value == nullptr || !value->is_array()) return false;
  for (const json::value& entry : value->get_array()) {
    std::optional<TensorSpec> spec = read_spec(entry);
    if (!spec.has_value()) return false;
    out.push_back(std::move(*spec));
  }
  return true;
}

bool read_description(const json::value& value, ModelDescription& out) {
  const json::object* object = value.if_object();
  if (object == nullptr) return false;
  const json::value* id = object->if_contains("model_id");
  const json::value* hash = object->if_contains("model_hash");
  const json::value* size = object->if_contains("size");
  const json::value* saved = object->if_contains("saved");
  if (id == nullptr || hash == nullptr || size == nullptr || saved == nullptr || !id->is_string() ||
      !hash->is_string() || !saved->is_bool() || !size->is_int64() || size->get_int64() < 0)
    return false;
  const Result<Sha256Digest> digest =
      array_from_hex<32>({hash->get_string().data(), hash->get_string().size()});
  if (!digest.has_value()) return false;
  out.model_id.assign(id->get_string().data(), id->get_string().size());
  out.model_hash = *digest;
  out.size = static_cast<uint64_t>(size->get_int64());
  out.saved = saved->get_bool();
  return read_receipt(*object, out) &&
         read_specs(object->if_contains("inputs"), out.signature.inputs) &&
         read_specs(object->if_contains("outputs"), out.signature.outputs);
}

std::optional<json::value> parse(BytesView text) {
  boost::system::error_code error;
  json::value out = json::parse(jstring(as_text(text)), error);
  if (error) return std::nullopt;
  return out;
}

}  // namespace

std::string server_metadata_json(std::string_view version) {
  return json::serialize(json::object{
      {"name", "blindai"},
      {"version", jstring(version)},
      {"extensions", json::array{"binary_tensor_data", "model_configuration", "model_repository",
                                 "statistics", "blindai_upload", "blindai_attestation"}}});
}

std::string model_metadata_json(const ModelDescription& model) {
  return json::serialize(json::object{{"name", model.model_id},
                                      {"versions", json::array{jstring(kVersion)}},
                                      {"platform", jstring(kPlatform)},
                                      {"inputs", specs_of(model.signature.inputs)},
                                      {"outputs", specs_of(model.signature.outputs)}});
}

std::string model_ready_json(std::string_view model_id, bool ready) {
  return json::serialize(json::object{{"name", jstring(model_id)}, {"ready", ready}});
}

std::string model_config_json(const ModelDescription& model) {
  return json::serialize(
      json::object{{"name", model.model_id},
                   {"platform", jstring(kPlatform)},
                   {"backend", jstring(kBackend)},
                   {"max_batch_size", 0},
                   {"version_policy", json::object{{"latest", json::object{{"num_versions", 1}}}}},
                   {"input", config_tensors(model.signature.inputs)},
                   {"output", config_tensors(model.signature.outputs)},
                   {"default_model_filename", "model.onnx"}});
}

std::string statistics_json(const std::vector<std::pair<std::string, ModelStatistics>>& models) {
  json::array all;
  for (const auto& [id, statistics] : models) all.push_back(statistics_of(id, statistics));
  return json::serialize(json::object{{"model_stats", std::move(all)}});
}

std::string repository_index_json(const std::vector<std::string>& model_ids) {
  json::array out;
  for (const std::string& id : model_ids)
    out.push_back(json::object{{"name", id}, {"version", jstring(kVersion)}, {"state", "READY"}});
  return json::serialize(out);
}

std::string model_description_json(const ModelDescription& model) {
  return json::serialize(description_of(model));
}

std::string model_list_json(const std::vector<ModelDescription>& models) {
  json::array all;
  for (const ModelDescription& model : models) all.push_back(description_of(model));
  return json::serialize(json::object{{"models", std::move(all)}});
}

Result<ModelDescription> parse_model_description(BytesView text) {
  const std::optional<json::value> value = parse(text);
  ModelDescription out;
  if (!value.has_value() || !read_description(*value, out))
    return fail(Code::kMalformed, {"oip.description",
                                   "The server's description of the model could not be read; "
                                   "client and server may be of different versions."});
  return out;
}

Result<std::vector<ModelDescription>> parse_model_list(BytesView text) {
  const std::unexpected<Error> malformed =
      fail(Code::kMalformed, {"oip.description",
                              "The server's list of models could not be read; client and server "
                              "may be of different versions."});
  const std::optional<json::value> value = parse(text);
  const json::object* object = value.has_value() ? value->if_object() : nullptr;
  const json::value* list = object == nullptr ? nullptr : object->if_contains("models");
  if (list == nullptr || !list->is_array() || list->get_array().size() > kMaxListedModels)
    return malformed;
  std::vector<ModelDescription> out;
  for (const json::value& entry : list->get_array())
    if (!read_description(entry, out.emplace_back())) return malformed;
  return out;
}

std::string error_json(const Problem& problem) {
  return json::serialize(json::object{{"error", problem.sentence}, {"code", problem.id.text}});
}

unsigned http_status(Code code) {
  switch (code) {
    case Code::kMalformed:
    case Code::kInvalid:
    case Code::kUntrusted:
      return 400;
    case Code::kStale:
    case Code::kAnonymous:
      return 401;
    case Code::kDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kTooLarge:
      return 413;
    case Code::kRefused:
      return 422;
    case Code::kExhausted:
      return 429;
    case Code::kInternal:
      return 500;
    case Code::kUnavailable:
      return 503;
    case Code::kDeadline:
      return 504;
    case Code::kNoSpace:
      return 507;
  }
  return 500;
}

Code code_of_status(unsigned status) {
  switch (status) {
    case 400:
      return Code::kInvalid;
    case 401:
      return Code::kAnonymous;
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 413:
      return Code::kTooLarge;
    case 422:
      return Code::kRefused;
    case 429:
      return Code::kExhausted;
    case 503:
      return Code::kUnavailable;
    case 504:
      return Code::kDeadline;
    case 507:
      return Code::kNoSpace;
    default:
      return Code::kInternal;
  }
}

}  // namespace blindai
