// ONNX Runtime's tensors over shared memory: inputs where they lie, outputs copied to where they
// go. Threads: pure functions over their arguments.
#pragma once

#include <expected>

#include "enclave/infer/protocol.h"

struct OrtApi;
struct OrtMemoryInfo;
struct OrtSession;
struct OrtTypeInfo;
struct OrtValue;

namespace blindai {

// Why a job got no outputs.
struct JobFailure {
  worker_protocol::Failure reason;
  std::string sentence;
};

// OrtValues that release themselves.
class Values {
 public:
  explicit Values(const OrtApi& api) : api_(&api) {}
  Values(Values&& other) noexcept : api_(other.api_), values_(std::move(other.values_)) {
    other.values_.clear();
  }
  Values& operator=(Values&& other) noexcept;
  ~Values() { clear(); }
  void clear();
  void push_back(OrtValue* value) { values_.push_back(value); }
  // n null values, for a call that fills them in.
  OrtValue** fill(size_t n);
  size_t size() const { return values_.size(); }
  OrtValue* operator[](size_t i) const { return values_[i]; }
  const OrtValue* const* data() const { return values_.data(); }

 private:
  const OrtApi* api_;
  std::vector<OrtValue*> values_;
};

// The datatype of the protocol for an ONNXTensorElementDataType, if there is one; and back.
std::optional<Datatype> datatype_of(int element_type);
int element_type_of(Datatype datatype);

// The names, datatypes and shapes of a session's inputs and outputs.
// Errors: kUnsupported for anything but a tensor of a known element type; kLimit for too many
// inputs, outputs or dimensions, or a name over worker_protocol::kMaxName or not fit to be sent.
std::expected<ModelSignature, worker_protocol::Refused> read_signature(const OrtApi& api,
                                                                       OrtSession& session);

// A value over `place` of `buffer`. Numbers stay where they are, so the value must die before the
// mapping; strings are copied. Errors: kInput for a place outside the buffer, a length that does
// not fit the shape, a BOOL byte other than 0 and 1, or broken BYTES.
std::expected<OrtValue*, JobFailure> input_value(const OrtApi& api, const OrtMemoryInfo& memory,
                                                 std::span<uint8_t> buffer,
                                                 const worker_protocol::TensorPlace& place);

// Describes each output, with offsets counted from 0 and aligned, and returns the bytes of all.
// `indices`: where each stands in `specs`. Errors: kOutput.
std::expected<uint64_t, JobFailure> place_outputs(
    const OrtApi& api, const Values& outputs, const std::vector<uint16_t>& indices,
    const std::vector<TensorSpec>& specs, std::vector<worker_protocol::TensorPlace>& places);

// Copies the outputs to their places within `area` and adds `base` to each offset.
std::expected<void, JobFailure> copy_outputs(const OrtApi& api, const Values& outputs,
                                             std::span<uint8_t> area, uint64_t base,
                                             std::vector<worker_protocol::TensorPlace>& places);

}  // namespace blindai
