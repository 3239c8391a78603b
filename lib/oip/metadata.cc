#include "lib/oip/metadata.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "lib/oip/json_text.h"

namespace blindai {
namespace {

namespace json = boost::json;

constexpr size_t kMostIndexBody = 64 * 1024;

// ,"key":"text"
void append_field(std::string& out, std::string_view key, std::string_view text) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, text);
}
void append_field(std::string& out, std::string_view key, uint64_t number) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json_number(out, number);
}

void append_specs(std::string& out, const std::vector<TensorSpec>& specs) {
  out += '[';
  for (size_t i = 0; i < specs.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, specs[i].name);
    append_field(out, "datatype", name_of(specs[i].datatype));
    out += ",\"shape\":";
    append_json_shape(out, specs[i].shape);
    out += '}';
  }
  out += ']';
}

// Triton's ModelConfig names: FP32 is TYPE_FP32, BYTES is TYPE_STRING.
void append_config_specs(std::string& out, const std::vector<TensorSpec>& specs) {
  out += '[';
  for (size_t i = 0; i < specs.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, specs[i].name);
    out += ",\"data_type\":\"TYPE_";
    out += specs[i].datatype == Datatype::kBytes ? "STRING" : name_of(specs[i].datatype);
    out += "\",\"dims\":";
    append_json_shape(out, specs[i].shape);
    out += '}';
  }
  out += ']';
}

void append_time(std::string& out, std::string_view key, const CountedTime& time) {
  out += '"';
  out += key;
  out += "\":{\"count\":";
  append_json_number(out, time.count);
  append_field(out, "ns", time.ns);
  out += '}';
}

void append_statistics(std::string& out, const ModelStatistics& model) {
  out += "{\"name\":";
  append_json_string(out, model.name);
  append_field(out, "version", kModelVersion);
  append_field(out, "last_inference", model.last_inference_ms);
  append_field(out, "inference_count", model.inference_count);
  append_field(out, "execution_count", model.execution_count);
  out += ",\"inference_stats\":{";
  append_time(out, "success", model.success);
  out += ',';
  append_time(out, "fail", model.fail);
  out += ',';
  append_time(out, "queue", model.queue);
  out += ',';
  append_time(out, "compute_input", model.compute_input);
  out += ',';
  append_time(out, "compute_infer", model.compute_infer);
  out += ',';
  append_time(out, "compute_output", model.compute_output);
  out += ',';
  append_time(out, "cache_hit", {});  // answers are never cached
  out += ',';
  append_time(out, "cache_miss", {});
  out += "},\"batch_stats\":[],\"memory_usage\":[]}";
}

std::string flag_json(std::string_view key, bool value) {
  return "{\"" + std::string(key) + "\":" + (value ? "true}" : "false}");
}

}  // namespace

std::string server_metadata_json(std::string_view version) {
  std::string out = "{\"name\":\"blindai\"";
  append_field(out, "version", version);
  out += ",\"extensions\":[\"binary_tensor_data\",\"model_configuration\",\"statistics\"]}";
  return out;
}

std::string server_live_json(bool live) {
  return flag_json("live", live);
}

std::string server_ready_json(bool ready) {
  return flag_json("ready", ready);
}

std::string model_ready_json(std::string_view id, bool ready) {
  std::string out = "{\"name\":";
  append_json_string(out, id);
  out += ready ? ",\"ready\":true}" : ",\"ready\":false}";
  return out;
}

std::string model_metadata_json(std::string_view id, const ModelSignature& signature) {
  std::string out = "{\"name\":";
  append_json_string(out, id);
  out += ",\"versions\":[";
  append_json_string(out, kModelVersion);
  out += ']';
  append_field(out, "platform", kPlatform);
  out += ",\"inputs\":";
  append_specs(out, signature.inputs);
  out += ",\"outputs\":";
  append_specs(out, signature.outputs);
  out += '}';
  return out;
}

std::string model_config_json(std::string_view id, const ModelSignature& signature) {
  std::string out = "{\"name\":";
  append_json_string(out, id);
  append_field(out, "platform", kPlatform);
  append_field(out, "backend", kBackend);
  out += ",\"version_policy\":{\"latest\":{\"num_versions\":1}},\"max_batch_size\":0,\"input\":";
  append_config_specs(out, signature.inputs);
  out += ",\"output\":";
  append_config_specs(out, signature.outputs);
  out += ",\"default_model_filename\":\"model.onnx\"}";
  return out;
}

std::string statistics_json(std::span<const ModelStatistics> models) {
  std::string out = "{\"model_stats\":[";
  for (size_t i = 0; i < models.size(); ++i) {
    if (i != 0) out += ',';
    append_statistics(out, models[i]);
  }
  out += "]}";
  return out;
}

std::string repository_index_json(std::span<const RepositoryEntry> entries) {
  std::string out = "[";
  for (size_t i = 0; i < entries.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, entries[i].name);
    append_field(out, "version", kModelVersion);
    append_field(out, "state", entries[i].state);
    if (!entries[i].reason.empty()) append_field(out, "reason", entries[i].reason);
    out += '}';
  }
  out += ']';
  return out;
}

Outcome<bool> parse_repository_index_request(BytesView body) {
  if (body.empty()) return false;
  json::error_code ec;
  const json::value parsed =
      body.size() > kMostIndexBody
          ? json::value()
          : json::parse(json::string_view(as_text(body).data(), body.size()), ec);
  const json::object* object = ec ? nullptr : parsed.if_object();
  const json::value* ready = object != nullptr ? object->if_contains("ready") : nullptr;
  if (object == nullptr || (ready != nullptr && !ready->is_bool()))
    return problem(Code::kMalformed, "oip.index-body",
                   "The body must be empty or a JSON object such as {\"ready\": true}.");
  return ready != nullptr && ready->as_bool();
}

std::string error_body(const Problem& problem) {
  std::string out = "{\"error\":";
  append_json_string(out, problem.sentence);
  append_field(out, "code", problem.name());
  out += '}';
  return out;
}

unsigned http_status(Code code) {
  switch (code) {
    case Code::kMalformed:
    case Code::kInvalid:
      return 400;
    case Code::kStale:
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
    case Code::kUntrusted:
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

unsigned http_status(const Problem& problem) {
  return problem.name() == "route.method" ? 405 : http_status(problem.code);
}

Code code_of_status(unsigned status) {
  switch (status) {
    case 400:
    case 405:
      return Code::kInvalid;
    case 401:
      return Code::kStale;
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
