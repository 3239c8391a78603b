#include "enclave/worker/tensors.h"

#define ORT_API_MANUAL_INIT
#include <algorithm>
#include <array>
#include <cstring>
#include <onnxruntime_c_api.h>

#include "enclave/worker/engine.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

using worker_protocol::Failure;
using worker_protocol::Refusal;
using worker_protocol::Refused;
using worker_protocol::TensorPlace;

// In the order of Datatype.
constexpr std::array<ONNXTensorElementDataType, kNumDatatypes> kElementTypes = {
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,     ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16,   ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64,   ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,   ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING};

std::unexpected<JobFailure> failure(Failure reason, std::string sentence) {
  return std::unexpected(JobFailure{reason, std::move(sentence)});
}

std::string tensor_label(const char* what, size_t index) {
  return std::string(what) + " " + std::to_string(index);
}

// Strings are the one kind whose elements ONNX Runtime owns.
std::expected<OrtValue*, JobFailure> string_value(const OrtApi& api, BytesView data,
                                                  const TensorPlace& place, uint64_t count) {
  // The server may not change this memory during the job, so one check holds for the copy below.
  if (count > data.size() / 4 || !worker_protocol::is_bytes_tensor(data, count))
    return failure(Failure::kInput, tensor_label("The BYTES data of input", place.index) +
                                        " is not one length and text per element.");
  OrtAllocator* allocator = nullptr;
  Values value(api);
  EngineError error = take_error(api, api.GetAllocatorWithDefaultOptions(&allocator));
  OrtValue* created = nullptr;
  if (!error)
    error = take_error(api,
                       api.CreateTensorAsOrtValue(allocator, place.shape.data(), place.shape.size(),
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &created));
  if (error) return failure(Failure::kInput, error.text);
  value.push_back(created);
  ByteReader r(data);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    BytesView text;
    char* target = nullptr;
    if (!r.u32le(length) || !r.bytes(text, length))
      return failure(Failure::kInput, "BYTES data changed while it was read.");
    error = take_error(api, api.GetResizedStringTensorElementBuffer(created, i, length, &target));
    if (error) return failure(Failure::kMemory, error.text);
    if (length != 0) std::memcpy(target, text.data(), length);
  }
  *value.fill(1) = nullptr;  // ownership goes to the caller
  return created;
}

struct Described {
  Datatype datatype;
  uint64_t count;
};

std::expected<Described, JobFailure> describe(const OrtApi& api, OrtValue* value, size_t index,
                                              std::vector<int64_t>& shape) {
  int is_tensor = 0;
  if (value == nullptr || take_error(api, api.IsTensor(value, &is_tensor)) || is_tensor == 0)
    return failure(Failure::kOutput, tensor_label("Output", index) + " is not a tensor.");
  OrtTensorTypeAndShapeInfo* info = nullptr;
  EngineError error = take_error(api, api.GetTensorTypeAndShape(value, &info));
  if (error) return failure(Failure::kOutput, error.text);
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  size_t count = 0;
  error = take_error(api, api.GetTensorElementType(info, &type));
  if (!error) error = take_error(api, api.GetDimensionsCount(info, &rank));
  if (!error && rank <= worker_protocol::kMaxRank) {
    shape.resize(rank);
    error = take_error(api, api.GetDimensions(info, shape.data(), rank));
  }
  if (!error) error = take_error(api, api.GetTensorShapeElementCount(info, &count));
  api.ReleaseTensorTypeAndShapeInfo(info);
  if (error) return failure(Failure::kOutput, error.text);
  const std::optional<Datatype> datatype = datatype_of(type);
  if (!datatype || rank > worker_protocol::kMaxRank)
    return failure(Failure::kOutput, tensor_label("Output", index) +
                                         " has too many dimensions or no known datatype.");
  return Described{*datatype, count};
}

// Writes a string tensor in BYTES form; `area` has its exact length.
std::expected<void, JobFailure> copy_strings(const OrtApi& api, OrtValue* value,
                                             std::span<uint8_t> area) {
  size_t at = 0;
  for (size_t i = 0; at < area.size(); ++i) {
    size_t length = 0;
    EngineError error = take_error(api, api.GetStringTensorElementLength(value, i, &length));
    if (error) return failure(Failure::kOutput, error.text);
    if (area.size() - at < 4 || length > area.size() - at - 4 || length > UINT32_MAX)
      return failure(Failure::kOutput, "An output string is longer than it was.");
    for (int shift = 0; shift < 32; shift += 8) area[at++] = static_cast<uint8_t>(length >> shift);
    if (length != 0)
      error = take_error(api, api.GetStringTensorElement(value, length, i, area.data() + at));
    if (error) return failure(Failure::kOutput, error.text);
    at += length;
  }
  return {};
}

}  // namespace

Values& Values::operator=(Values&& other) noexcept {
  if (this != &other) {
    clear();
    api_ = other.api_;
    values_ = std::move(other.values_);
    other.values_.clear();
  }
  return *this;
}

void Values::clear() {
  for (OrtValue* value : values_)
    if (value != nullptr) api_->ReleaseValue(value);
  values_.clear();
}

OrtValue** Values::fill(size_t n) {
  values_.assign(n, nullptr);
  return values_.data();
}

std::optional<Datatype> datatype_of(int element_type) {
  const auto found = std::ranges::find(kElementTypes, element_type);
  if (found == kElementTypes.end()) return std::nullopt;
  return static_cast<Datatype>(found - kElementTypes.begin());
}

int element_type_of(Datatype datatype) {
  return kElementTypes[static_cast<size_t>(datatype)];
}

std::expected<OrtValue*, JobFailure> input_value(const OrtApi& api, const OrtMemoryInfo& memory,
                                                 std::span<uint8_t> buffer,
                                                 const TensorPlace& place) {
  const auto count = num_elements(place.shape, worker_protocol::kMaxElements);
  if (!count || place.offset > buffer.size() || place.length > buffer.size() - place.offset)
    return failure(Failure::kInput, tensor_label("Input", place.index) + " is not in the buffer.");
  const std::span<uint8_t> data = buffer.subspan(place.offset, place.length);
  if (place.datatype == Datatype::kBytes) return string_value(api, data, place, *count);
  if (*count * element_size(place.datatype) != place.length)
    return failure(Failure::kInput, tensor_label("The data of input", place.index) +
                                        " does not have the length that its shape asks for.");
  // Any other value in a C++ bool is undefined behaviour in the kernels that read it.
  if (place.datatype == Datatype::kBool &&
      std::ranges::any_of(data, [](uint8_t b) { return b > 1; }))
    return failure(Failure::kInput, tensor_label("Input", place.index) +
                                        " is BOOL and has an element that is neither 0 nor 1.");
  OrtValue* value = nullptr;
  const EngineError error = take_error(
      api, api.CreateTensorWithDataAsOrtValue(
               &memory, data.data(), data.size(), place.shape.data(), place.shape.size(),
               static_cast<ONNXTensorElementDataType>(element_type_of(place.datatype)), &value));
  if (error) return failure(Failure::kInput, error.text);
  return value;
}

std::expected<uint64_t, JobFailure> place_outputs(const OrtApi& api, const Values& outputs,
                                                  const std::vector<uint16_t>& indices,
                                                  const std::vector<TensorSpec>& specs,
                                                  std::vector<TensorPlace>& places) {
  places.resize(outputs.size());
  uint64_t end = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    TensorPlace& place = places[i];
    place.index = indices[i];
    const auto described = describe(api, outputs[i], place.index, place.shape);
    if (!described) return std::unexpected(described.error());
    if (described->datatype != specs[place.index].datatype)
      return failure(Failure::kOutput,
                     tensor_label("Output", place.index) + " is not of its declared datatype.");
    place.datatype = described->datatype;
    place.length = described->count * element_size(place.datatype);
    if (place.datatype == Datatype::kBytes) {
      size_t text = 0;
      if (described->count != 0)
        if (EngineError error = take_error(api, api.GetStringTensorDataLength(outputs[i], &text)))
          return failure(Failure::kOutput, error.text);
      place.length = text + 4 * described->count;
    }
    place.offset = worker_protocol::align_up(end);
    end = place.offset + place.length;
  }
  return worker_protocol::align_up(end);
}

std::expected<void, JobFailure> copy_outputs(const OrtApi& api, const Values& outputs,
                                             std::span<uint8_t> area, uint64_t base,
                                             std::vector<TensorPlace>& places) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    TensorPlace& place = places[i];
    const std::span<uint8_t> target = area.subspan(place.offset, place.length);
    place.offset += base;
    if (target.empty()) continue;
    if (place.datatype == Datatype::kBytes) {
      if (auto copied = copy_strings(api, outputs[i], target); !copied) return copied;
      continue;
    }
    void* data = nullptr;
    if (EngineError error = take_error(api, api.GetTensorMutableData(outputs[i], &data)))
      return failure(Failure::kOutput, error.text);
    std::memcpy(target.data(), data, target.size());
  }
  return {};
}

}  // namespace blindai
