#include "enclave/infer/reply_check.h"

#include <algorithm>

namespace blindai {
namespace {

using worker_protocol::TensorPlace;

bool inside(const TensorPlace& place, uint64_t offset, uint64_t length) {
  return place.offset >= offset && place.offset - offset <= length &&
         place.length <= length - (place.offset - offset);
}

// BYTES need at least their length fields.
bool length_fits(const TensorPlace& place) {
  const auto count = num_elements(place.shape, worker_protocol::kMaxElements);
  if (!count) return false;
  if (place.datatype == Datatype::kBytes) return *count <= place.length / 4;
  return *count * element_size(place.datatype) == place.length;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out + "]";
}

bool shape_fits(const std::vector<int64_t>& shape, const std::vector<int64_t>& declared) {
  if (declared.empty()) return true;
  return std::ranges::equal(shape, declared, [](int64_t dim, int64_t fixed) {
    return dim >= 0 && (fixed < 0 || dim == fixed);
  });
}

}  // namespace

Status check_outputs(const worker_protocol::Done& done, const std::vector<uint16_t>& requested,
                     const std::vector<TensorSpec>& specs, const OutputArea& area) {
  if (done.outputs.size() != requested.size()) return fail(Code::kMalformed, "infer.reply-outputs");
  for (size_t i = 0; i < requested.size(); ++i) {
    const TensorPlace& place = done.outputs[i];
    if (place.index != requested[i]) return fail(Code::kMalformed, "infer.reply-outputs");
    if (place.datatype != specs[place.index].datatype)
      return fail(Code::kMalformed, "infer.reply-datatype");
    if (!inside(place, area.offset, area.length))
      return fail(Code::kMalformed, "infer.reply-place");
    if (!length_fits(place)) return fail(Code::kMalformed, "infer.reply-length");
  }
  return {};
}

Outcome<void> check_inputs(const std::vector<TensorPlace>& inputs,
                           const std::vector<TensorSpec>& specs, uint64_t input_bytes) {
  std::vector<bool> seen(specs.size(), false);
  for (const TensorPlace& place : inputs) {
    if (place.index >= specs.size() || seen[place.index])
      return problem(Code::kInvalid, "infer.inputs", "An input is unknown or given twice.");
    seen[place.index] = true;
    const TensorSpec& spec = specs[place.index];
    if (place.datatype != spec.datatype)
      return problem(Code::kInvalid, "infer.datatype",
                     "Input '" + spec.name + "' must be " + std::string(name_of(spec.datatype)) +
                         ", not " + std::string(name_of(place.datatype)) + ".");
    if (place.shape.size() > worker_protocol::kMaxRank || !shape_fits(place.shape, spec.shape))
      return problem(Code::kInvalid, "infer.shape",
                     "Input '" + spec.name + "' has shape " + shape_text(place.shape) +
                         "; the model takes " + shape_text(spec.shape) + " (-1: any size).");
    if (place.offset % worker_protocol::kAlignment != 0 || !inside(place, 0, input_bytes) ||
        !length_fits(place))
      return problem(Code::kInvalid, "infer.place",
                     "The data of input '" + spec.name + "' is not as long as its shape " +
                         shape_text(place.shape) + " asks for.");
  }
  const auto missing = std::ranges::find(seen, false);
  if (missing != seen.end())
    return problem(Code::kInvalid, "infer.inputs",
                   "Input '" + specs[static_cast<size_t>(missing - seen.begin())].name +
                       "' is missing; the model needs all its inputs.");
  return {};
}

Outcome<void> check_requested(const std::vector<uint16_t>& requested,
                              const std::vector<TensorSpec>& specs) {
  std::vector<bool> seen(specs.size(), false);
  for (uint16_t index : requested) {
    if (index >= specs.size() || seen[index])
      return problem(Code::kInvalid, "infer.outputs",
                     "A requested output is unknown or asked for twice.");
    seen[index] = true;
  }
  return {};
}

}  // namespace blindai
