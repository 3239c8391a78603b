#define ORT_API_MANUAL_INIT
#include <algorithm>
#include <onnxruntime_c_api.h>

#include "enclave/worker/engine.h"
#include "enclave/worker/tensors.h"

namespace blindai {
namespace {

using worker_protocol::Refusal;
using worker_protocol::Refused;

std::unexpected<Refused> refuse(Refusal reason, std::string_view sentence) {
  return std::unexpected(Refused{reason, worker_protocol::clean_sentence(sentence)});
}

// One side of the signature: the calls that read inputs, or those that read outputs.
struct Side {
  const char* label;
  OrtStatus*(ORT_API_CALL* count)(const OrtSession*, size_t*);
  OrtStatus*(ORT_API_CALL* name)(const OrtSession*, size_t, OrtAllocator*, char**);
  OrtStatus*(ORT_API_CALL* type)(const OrtSession*, size_t, OrtTypeInfo**);
};

const char* kind_of(ONNXType type) {
  switch (type) {
    case ONNX_TYPE_SEQUENCE:
      return "a sequence";
    case ONNX_TYPE_MAP:
      return "a map";
    case ONNX_TYPE_SPARSETENSOR:
      return "a sparse tensor";
    case ONNX_TYPE_OPTIONAL:
      return "optional";
    default:
      return "of no known kind";
  }
}

std::expected<void, Refused> read_type(const OrtApi& api, const OrtTypeInfo& info,
                                       const std::string& label, TensorSpec& spec) {
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  if (EngineError error = take_error(api, api.GetOnnxTypeFromTypeInfo(&info, &kind)))
    return refuse(Refusal::kMalformed, error.text);
  if (kind != ONNX_TYPE_TENSOR)
    return refuse(Refusal::kUnsupported, label + " is " + kind_of(kind) +
                                             "; only tensors can be sent. Change the model so that "
                                             "all its inputs and outputs are tensors.");
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  EngineError error = take_error(api, api.CastTypeInfoToTensorInfo(&info, &tensor));
  if (!error) error = take_error(api, api.GetTensorElementType(tensor, &type));
  if (!error) error = take_error(api, api.GetDimensionsCount(tensor, &rank));
  if (error) return refuse(Refusal::kMalformed, error.text);
  const std::optional<Datatype> datatype = datatype_of(type);
  if (!datatype)
    return refuse(Refusal::kUnsupported,
                  label +
                      " has an element type that the protocol cannot carry (complex, 8-bit "
                      "float or 4-bit integer). Cast it inside the model.");
  if (rank > worker_protocol::kMaxRank)
    return refuse(Refusal::kLimit, label + " has " + std::to_string(rank) +
                                       " dimensions; at most " +
                                       std::to_string(worker_protocol::kMaxRank) + " are allowed.");
  spec.datatype = *datatype;
  spec.shape.resize(rank);
  if (EngineError failed = take_error(api, api.GetDimensions(tensor, spec.shape.data(), rank)))
    return refuse(Refusal::kMalformed, failed.text);
  for (int64_t& dim : spec.shape) dim = std::max<int64_t>(dim, -1);
  return {};
}

std::expected<void, Refused> read_one(const OrtApi& api, OrtSession& session, const Side& side,
                                      size_t index, TensorSpec& spec) {
  OrtAllocator* allocator = nullptr;
  char* name = nullptr;
  EngineError error = take_error(api, api.GetAllocatorWithDefaultOptions(&allocator));
  if (!error) error = take_error(api, side.name(&session, index, allocator, &name));
  if (error) return refuse(Refusal::kMalformed, error.text);
  spec.name = name;
  static_cast<void>(take_error(api, api.AllocatorFree(allocator, name)));
  const std::string label = std::string(side.label) + " '" + spec.name + "'";
  if (spec.name.size() > worker_protocol::kMaxName)
    return refuse(Refusal::kLimit, std::string("The name of an ") + side.label +
                                       " is longer than " +
                                       std::to_string(worker_protocol::kMaxName) + " bytes.");
  OrtTypeInfo* info = nullptr;
  if (EngineError failed = take_error(api, side.type(&session, index, &info)))
    return refuse(Refusal::kMalformed, failed.text);
  auto read = read_type(api, *info, label, spec);
  api.ReleaseTypeInfo(info);
  return read;
}

std::expected<void, Refused> read_side(const OrtApi& api, OrtSession& session, const Side& side,
                                       std::vector<TensorSpec>& specs) {
  size_t count = 0;
  if (EngineError error = take_error(api, side.count(&session, &count)))
    return refuse(Refusal::kMalformed, error.text);
  if (count > worker_protocol::kMaxTensors)
    return refuse(Refusal::kLimit,
                  "The model has " + std::to_string(count) + " " + side.label + "s; at most " +
                      std::to_string(worker_protocol::kMaxTensors) + " are allowed.");
  specs.resize(count);
  for (size_t i = 0; i < count; ++i)
    if (auto read = read_one(api, session, side, i, specs[i]); !read) return read;
  return {};
}

}  // namespace

std::expected<ModelSignature, Refused> read_signature(const OrtApi& api, OrtSession& session) {
  ModelSignature signature;
  const Side inputs = {"input", api.SessionGetInputCount, api.SessionGetInputName,
                       api.SessionGetInputTypeInfo};
  const Side outputs = {"output", api.SessionGetOutputCount, api.SessionGetOutputName,
                        api.SessionGetOutputTypeInfo};
  if (auto read = read_side(api, session, inputs, signature.inputs); !read)
    return std::unexpected(read.error());
  if (auto read = read_side(api, session, outputs, signature.outputs); !read)
    return std::unexpected(read.error());
  // What the server would not accept from us is refused here, where there is a sentence for it.
  Bytes encoded;
  worker_protocol::Loaded copy;
  worker_protocol::encode(worker_protocol::Loaded{signature}, encoded);
  if (encoded.size() > worker_protocol::kMaxMessage)
    return refuse(Refusal::kLimit, "The names and shapes of all inputs and outputs are too large.");
  if (!worker_protocol::decode(encoded, copy))
    return refuse(Refusal::kUnsupported,
                  "The model needs an output, and names of inputs and of outputs that are UTF-8 "
                  "text without control characters, each used once.");
  return signature;
}

}  // namespace blindai
