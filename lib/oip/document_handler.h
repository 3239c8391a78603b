// The receiver of Boost.JSON's parse events behind lib/oip/document.h, included by document.cc
// alone. One state per place of the document that means something; everything else is skipped.
#pragma once

#include <array>

#include "lib/oip/document.h"

namespace blindai {

class DocumentHandler {
 public:
  // `places` empty: first pass.
  DocumentHandler(OipMessage message, const InferLimits& limits, OipDocument& out,
                  std::span<const ElementPlace> places)
      : message_(message), limits_(limits), out_(out), places_(places) {}

  // Each returns false when failure() says why.
  bool object_begin();
  bool object_end();
  bool array_begin();
  bool array_end(uint64_t length);
  bool key(std::string_view text, bool complete);
  bool string(std::string_view text, uint64_t total, bool complete);
  bool number(const NumberText& number);
  bool boolean(bool value);
  bool null();

  std::optional<Problem>& failure() { return failure_; }

 private:
  enum class Place : uint8_t {
    kStart,
    kRoot,
    kRootParameters,
    kTensors,
    kTensor,
    kTensorParameters,
    kShape,
    kData,
    kOutputs,
    kOutput,
    kOutputParameters,
    kSkipped,
  };
  enum class Key : uint8_t {
    kUnknown,
    kId,
    kModelName,
    kModelVersion,
    kParameters,
    kTensors,
    kOutputs,
    kName,
    kDatatype,
    kShape,
    kData,
    kBinaryDataSize,
    kBinaryData,
    kBinaryDataOutput,
    kTimeout,
    kPriority,
    kClassification,
    kSharedMemory,
  };

  bool refuse(Code code, Id id, std::string sentence);
  bool wrong_type();
  // For sentences: the key being read, and whose.
  std::string here() const;
  Key key_at(std::string_view text) const;
  bool enter(Place place);
  bool skip();
  bool begin_data();
  bool element(ElementKind kind);
  bool write_bool(bool value);
  bool write_number(const NumberText& number);
  bool write_string(std::string_view piece, uint64_t total, bool complete);
  bool out_of_range();
  bool take_string(std::string_view text);
  bool in_data() const {
    return place_ == Place::kData || (place_ == Place::kTensor && key_ == Key::kData);
  }
  OipTensor& tensor() { return out_.tensors.back(); }

  OipMessage message_;
  const InferLimits& limits_;
  OipDocument& out_;
  std::span<const ElementPlace> places_;
  std::optional<Problem> failure_;

  Place place_ = Place::kStart;
  Place skipped_from_ = Place::kStart;
  Key key_ = Key::kUnknown;
  std::array<uint32_t, 12> seen_{};  // keys of the object open at each place, one bit each
  size_t skip_depth_ = 0;
  size_t data_depth_ = 0;
  std::string pieces_;       // of a key or string that arrives in several
  size_t written_ = 0;       // bytes in the current tensor's place
  size_t string_start_ = 0;  // where its current string's length goes
  bool string_open_ = false;
};

}  // namespace blindai
