#include "lib/oip/document_handler.h"

#include <cstring>
#include <limits>

#include "lib/oip/json_text.h"

namespace blindai {
namespace {

constexpr size_t kLongestKey = 64;  // longer keys name nothing of the protocol
constexpr uint64_t kUnset = std::numeric_limits<uint64_t>::max();

}  // namespace

bool DocumentHandler::refuse(Code code, Id id, std::string sentence) {
  failure_.emplace(code, id, std::move(sentence));
  return false;
}

std::string DocumentHandler::here() const {
  const bool request = message_ == OipMessage::kRequest;
  const auto whose = [](std::string_view noun, const std::optional<std::string>& name,
                        size_t number) {
    return std::string(noun) + " " + (name ? quoted(*name) : std::to_string(number));
  };
  switch (place_) {
    case Place::kTensor:
    case Place::kTensorParameters:
    case Place::kShape:
    case Place::kData:
      return whose(request ? "input" : "output", out_.tensors.back().name, out_.tensors.size());
    case Place::kOutput:
    case Place::kOutputParameters:
      return whose("requested output", out_.outputs.back().name, out_.outputs.size());
    default:
      return request ? "the request" : "the response";
  }
}

bool DocumentHandler::wrong_type() {
  const bool request = message_ == OipMessage::kRequest;
  std::string what;
  if (place_ == Place::kStart) {
    what = request ? "The body must be a JSON object." : "The response must be a JSON object.";
  } else if (place_ == Place::kTensors) {
    what = request ? "Each of \"inputs\" must be a JSON object."
                   : "Each of \"outputs\" must be a JSON object.";
  } else if (place_ == Place::kOutputs) {
    what = "Each of \"outputs\" must be a JSON object.";
  } else {
    std::string_view must;
    switch (key_) {
      case Key::kId:
        must = "\"id\" must be a string";
        break;
      case Key::kModelName:
        must = "\"model_name\" must be a string";
        break;
      case Key::kModelVersion:
        must = "\"model_version\" must be a string";
        break;
      case Key::kParameters:
        must = "\"parameters\" must be a JSON object";
        break;
      case Key::kTensors:
        must = request ? "\"inputs\" must be an array" : "\"outputs\" must be an array";
        break;
      case Key::kOutputs:
        must = "\"outputs\" must be an array";
        break;
      case Key::kName:
        must = "\"name\" must be a string";
        break;
      case Key::kDatatype:
        must = "\"datatype\" must be a string";
        break;
      case Key::kShape:
        must = "\"shape\" must be an array of integers";
        break;
      case Key::kBinaryDataSize:
        must = "\"binary_data_size\" must be a number of bytes";
        break;
      case Key::kBinaryData:
        must = "\"binary_data\" must be true or false";
        break;
      case Key::kBinaryDataOutput:
        must = "\"binary_data_output\" must be true or false";
        break;
      case Key::kTimeout:
        must = "\"timeout\" must be a number of microseconds";
        break;
      case Key::kPriority:
        must = "\"priority\" must be an integer, 0 or more";
        break;
      case Key::kClassification:
        must = "\"classification\" must be an integer";
        break;
      case Key::kData:
      case Key::kSharedMemory:
      case Key::kUnknown:
        must = "a value has the wrong type";
        break;
    }
    what = "In " + here() + ", " + std::string(must) + ".";
  }
  return refuse(Code::kMalformed, "oip.json-type", std::move(what));
}

DocumentHandler::Key DocumentHandler::key_at(std::string_view text) const {
  const bool request = message_ == OipMessage::kRequest;
  switch (place_) {
    case Place::kRoot:
      if (text == "id") return Key::kId;
      if (text == "parameters") return Key::kParameters;
      if (text == "outputs") return request ? Key::kOutputs : Key::kTensors;
      if (request && text == "inputs") return Key::kTensors;
      if (!request && text == "model_name") return Key::kModelName;
      if (!request && text == "model_version") return Key::kModelVersion;
      return Key::kUnknown;
    case Place::kTensor:
      if (text == "name") return Key::kName;
      if (text == "shape") return Key::kShape;
      if (text == "datatype") return Key::kDatatype;
      if (text == "parameters") return Key::kParameters;
      if (text == "data") return Key::kData;
      return Key::kUnknown;
    case Place::kTensorParameters:
      if (text == "binary_data_size") return Key::kBinaryDataSize;
      if (text == "shared_memory_region") return Key::kSharedMemory;
      return Key::kUnknown;
    case Place::kRootParameters:
      if (!request) return Key::kUnknown;
      if (text == "binary_data_output") return Key::kBinaryDataOutput;
      if (text == "timeout") return Key::kTimeout;
      if (text == "priority") return Key::kPriority;
      return Key::kUnknown;
    case Place::kOutput:
      if (text == "name") return Key::kName;
      if (text == "parameters") return Key::kParameters;
      return Key::kUnknown;
    case Place::kOutputParameters:
      if (text == "binary_data") return Key::kBinaryData;
      if (text == "classification") return Key::kClassification;
      if (text == "shared_memory_region") return Key::kSharedMemory;
      return Key::kUnknown;
    default:
      return Key::kUnknown;
  }
}

bool DocumentHandler::key(std::string_view text, bool complete) {
  if (place_ == Place::kSkipped) return true;
  if (!complete || !pieces_.empty()) {
    if (pieces_.size() <= kLongestKey) pieces_ += text;
    if (!complete) return true;
    text = pieces_;
  }
  key_ = key_at(text);
  if (message_ == OipMessage::kRequest && place_ == Place::kRootParameters &&
      text.starts_with("triton_"))
    return refuse(Code::kInvalid, "oip.parameter-reserved",
                  "The request has a parameter that begins with \"triton_\", which the protocol "
                  "reserves; leave it out.");
  pieces_.clear();
  if (key_ == Key::kUnknown) return true;
  const uint32_t bit = uint32_t{1} << static_cast<unsigned>(key_);
  uint32_t& seen = seen_[static_cast<size_t>(place_)];
  if ((seen & bit) != 0)
    return refuse(Code::kMalformed, "oip.duplicate-key", "A key is given twice in " + here() + ".");
  seen |= bit;
  return true;
}

bool DocumentHandler::enter(Place place) {
  place_ = place;
  seen_[static_cast<size_t>(place)] = 0;
  return true;
}

bool DocumentHandler::skip() {
  skipped_from_ = place_;
  skip_depth_ = 1;
  place_ = Place::kSkipped;
  return true;
}

bool DocumentHandler::object_begin() {
  switch (place_) {
    case Place::kStart:
      return enter(Place::kRoot);
    case Place::kTensors:
      if (out_.tensors.size() == limits_.num_tensors)
        return refuse(Code::kTooLarge, "oip.num-tensors",
                      "There are more than " + std::to_string(limits_.num_tensors) + " tensors.");
      out_.tensors.emplace_back();
      return enter(Place::kTensor);
    case Place::kOutputs:
      if (out_.outputs.size() == limits_.num_tensors)
        return refuse(
            Code::kTooLarge, "oip.num-tensors",
            "More than " + std::to_string(limits_.num_tensors) + " outputs are asked for.");
      out_.outputs.emplace_back();
      return enter(Place::kOutput);
    case Place::kSkipped:
      ++skip_depth_;
      return true;
    case Place::kShape:
      return wrong_type();
    case Place::kData:
      return element(kElementNull);
    default:
      break;
  }
  if (key_ == Key::kUnknown) return skip();
  if (in_data()) return element(kElementNull);
  if (key_ == Key::kParameters) {
    if (place_ == Place::kRoot) return enter(Place::kRootParameters);
    if (place_ == Place::kTensor) return enter(Place::kTensorParameters);
    return enter(Place::kOutputParameters);
  }
  return wrong_type();
}

bool DocumentHandler::object_end() {
  switch (place_) {
    case Place::kSkipped:
      if (--skip_depth_ == 0) place_ = skipped_from_;
      return true;
    case Place::kRootParameters:
      place_ = Place::kRoot;
      return true;
    case Place::kTensor:
      place_ = Place::kTensors;
      return true;
    case Place::kTensorParameters:
      place_ = Place::kTensor;
      return true;
    case Place::kOutput:
      place_ = Place::kOutputs;
      return true;
    case Place::kOutputParameters:
      place_ = Place::kOutput;
      return true;
    default:
      place_ = Place::kStart;
      return true;
  }
}

bool DocumentHandler::array_begin() {
  switch (place_) {
    case Place::kStart:
    case Place::kTensors:
    case Place::kOutputs:
    case Place::kShape:
      return wrong_type();
    case Place::kSkipped:
      ++skip_depth_;
      return true;
    case Place::kData:
      ++data_depth_;
      return true;
    default:
      break;
  }
  switch (key_) {
    case Key::kUnknown:
      return skip();
    case Key::kTensors:
      out_.has_tensors = true;
      return enter(Place::kTensors);
    case Key::kOutputs:
      return enter(Place::kOutputs);
    case Key::kShape:
      tensor().shape.emplace();
      return enter(Place::kShape);
    case Key::kData:
      tensor().data.present = true;
      written_ = 0;
      data_depth_ = 1;
      return enter(Place::kData);
    default:
      return wrong_type();
  }
}

bool DocumentHandler::array_end(uint64_t length) {
  switch (place_) {
    case Place::kSkipped:
      if (--skip_depth_ == 0) place_ = skipped_from_;
      return true;
    case Place::kShape:
      place_ = Place::kTensor;
      return true;
    case Place::kData:
      break;
    default:
      place_ = Place::kRoot;
      return true;
  }
  TensorData& data = tensor().data;
  if (data.lengths.size() < data_depth_) data.lengths.resize(data_depth_, kUnset);
  uint64_t& known = data.lengths[data_depth_ - 1];
  if (known == kUnset) known = length;
  if (known != length) data.even = false;
  if (--data_depth_ == 0) place_ = Place::kTensor;
  return true;
}

bool DocumentHandler::element(ElementKind kind) {
  TensorData& data = tensor().data;
  if (kind == kElementNull)
    return refuse(Code::kMalformed, "oip.data-element",
                  "\"data\" of " + here() +
                      " holds null or an object; each element must be a "
                      "number, a boolean or a string.");
  if (place_ == Place::kTensor) {  // a bare element: `data` of a scalar
    data.present = true;
    data_depth_ = 0;
  }
  if (!data.depth) data.depth = data_depth_;
  if (*data.depth != data_depth_) data.even = false;
  data.kinds |= kind;
  ++data.count;
  return true;
}

bool DocumentHandler::string(std::string_view text, uint64_t total, bool complete) {
  if (place_ == Place::kSkipped) return true;
  if (in_data()) {
    if (!places_.empty() && !write_string(text, total, complete)) return false;
    if (!complete) return true;
    if (total > std::numeric_limits<uint32_t>::max())
      return refuse(Code::kTooLarge, "oip.string-length",
                    "A string in \"data\" of " + here() + " is longer than 4 GiB.");
    tensor().data.string_bytes += total;
    return element(kElementString);
  }
  if (!complete || !pieces_.empty()) {
    if (pieces_.size() <= limits_.string_bytes) pieces_ += text;
    if (!complete) return true;
    const bool taken = take_string(pieces_);
    pieces_.clear();
    return taken;
  }
  return take_string(text);
}

bool DocumentHandler::take_string(std::string_view text) {
  if (place_ == Place::kStart || place_ == Place::kTensors || place_ == Place::kOutputs)
    return wrong_type();
  if (key_ == Key::kUnknown) return true;
  if (text.size() > limits_.string_bytes)
    return refuse(Code::kTooLarge, "oip.string-length",
                  "In " + here() + ", a name or id is longer than " +
                      std::to_string(limits_.string_bytes) + " bytes.");
  switch (key_) {
    case Key::kId:
      out_.id = text;
      return true;
    case Key::kModelName:
      out_.model_name = text;
      return true;
    case Key::kModelVersion:
      out_.model_version = text;
      return true;
    case Key::kName:
      (place_ == Place::kTensor ? tensor().name : out_.outputs.back().name) = text;
      return true;
    case Key::kDatatype:
      tensor().datatype = datatype_from_name(text);
      if (!tensor().datatype)
        return refuse(Code::kInvalid, "oip.datatype-unknown",
                      "The datatype " + quoted(text) + " of " + here() +
                          " is not one of the protocol's (such as FP32 or INT64).");
      return true;
    case Key::kSharedMemory:
      return refuse(Code::kInvalid, "oip.shared-memory",
                    "Shared memory regions are not offered; send the tensor in the request.");
    default:
      return wrong_type();
  }
}

bool DocumentHandler::number(const NumberText& number) {
  if (place_ == Place::kSkipped) return true;
  if (in_data()) {
    if (!places_.empty() && !write_number(number)) return false;
    return element(number.kind);
  }
  if (place_ == Place::kStart || place_ == Place::kTensors || place_ == Place::kOutputs)
    return wrong_type();
  const bool is_count = number.kind == kElementInteger && !number.negative;
  if (place_ == Place::kShape) {
    if (number.kind == kElementFraction) return wrong_type();
    if (!is_count || number.as_unsigned > std::numeric_limits<int64_t>::max())
      return refuse(Code::kMalformed, "oip.shape",
                    "A dimension in \"shape\" of " + here() + " is negative or too large.");
    if (tensor().shape->size() == limits_.rank)
      return refuse(Code::kTooLarge, "oip.rank-limit",
                    "The shape of " + here() + " has more than " + std::to_string(limits_.rank) +
                        " dimensions.");
    tensor().shape->push_back(static_cast<int64_t>(number.as_unsigned));
    return true;
  }
  if (key_ == Key::kUnknown) return true;
  if (!is_count) return wrong_type();
  switch (key_) {
    case Key::kBinaryDataSize:
      tensor().binary_bytes = number.as_unsigned;
      return true;
    case Key::kTimeout:
      out_.timeout_us = number.as_unsigned;
      return true;
    case Key::kPriority:
      out_.priority = number.as_unsigned;
      return true;
    case Key::kClassification:
      if (number.as_unsigned == 0) return true;
      return refuse(
          Code::kInvalid, "oip.classification",
          "Classification results are not offered; ask for " + here() + " itself and sort it.");
    default:
      return wrong_type();
  }
}

bool DocumentHandler::boolean(bool value) {
  if (place_ == Place::kSkipped) return true;
  if (in_data()) {
    if (!places_.empty() && !write_bool(value)) return false;
    return element(kElementBool);
  }
  if (place_ == Place::kStart || place_ == Place::kTensors || place_ == Place::kOutputs)
    return wrong_type();
  switch (key_) {
    case Key::kUnknown:
      return true;
    case Key::kBinaryDataOutput:
      out_.binary_data_output = value;
      return true;
    case Key::kBinaryData:
      out_.outputs.back().binary = value;
      return true;
    default:
      return wrong_type();
  }
}

bool DocumentHandler::null() {
  if (place_ == Place::kSkipped) return true;
  if (in_data()) return element(kElementNull);
  if (place_ == Place::kStart || place_ == Place::kTensors || place_ == Place::kOutputs ||
      place_ == Place::kShape)
    return wrong_type();
  // Some clients write what they leave out as null.
  if (key_ == Key::kUnknown || key_ == Key::kId || key_ == Key::kParameters ||
      key_ == Key::kOutputs)
    return true;
  return wrong_type();
}

}  // namespace blindai
