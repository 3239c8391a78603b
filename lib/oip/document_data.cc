// The second pass: elements of `data` to their places.
#include <cstring>

#include "lib/oip/document_handler.h"

namespace blindai {
namespace {

// The first pass counted the same document, so a place that is too small means two documents.
constexpr char kNoRoom[] = "The second pass met more elements than the first.";

}  // namespace

bool DocumentHandler::out_of_range() {
  const ElementPlace& to = places_[out_.tensors.size() - 1];
  const bool floating = to.datatype == Datatype::kFp32 || to.datatype == Datatype::kFp64;
  return refuse(Code::kInvalid, "oip.data-range",
                "Element " + std::to_string(tensor().data.count) + " of " + here() +
                    " is outside the range of " + std::string(name_of(to.datatype)) +
                    (floating ? "; to send infinity, send the tensor as binary." : "."));
}

bool DocumentHandler::write_bool(bool value) {
  BLINDAI_CHECK(out_.tensors.size() <= places_.size());
  const ElementPlace& to = places_[out_.tensors.size() - 1];
  if (place_ == Place::kTensor) written_ = 0;
  if (to.datatype != Datatype::kBool || written_ >= to.bytes.size())
    return refuse(Code::kInternal, "oip.data-place", kNoRoom);
  to.bytes[written_++] = value ? 1 : 0;
  return true;
}

bool DocumentHandler::write_number(const NumberText& number) {
  BLINDAI_CHECK(out_.tensors.size() <= places_.size());
  const ElementPlace& to = places_[out_.tensors.size() - 1];
  if (place_ == Place::kTensor) written_ = 0;
  const size_t size = element_size(to.datatype);
  if (size == 0 || to.bytes.size() - written_ < size)
    return refuse(Code::kInternal, "oip.data-place", kNoRoom);
  if (!write_json_number(to.datatype, number, to.bytes.data() + written_)) return out_of_range();
  written_ += size;
  return true;
}

bool DocumentHandler::write_string(std::string_view piece, uint64_t total, bool complete) {
  BLINDAI_CHECK(out_.tensors.size() <= places_.size());
  const ElementPlace& to = places_[out_.tensors.size() - 1];
  if (!string_open_) {
    if (place_ == Place::kTensor) written_ = 0;
    if (to.datatype != Datatype::kBytes || to.bytes.size() - written_ < kStringPrefix)
      return refuse(Code::kInternal, "oip.data-place", kNoRoom);
    string_start_ = written_;
    written_ += kStringPrefix;
    string_open_ = true;
  }
  if (to.bytes.size() - written_ < piece.size())
    return refuse(Code::kInternal, "oip.data-place", kNoRoom);
  if (!piece.empty()) std::memcpy(to.bytes.data() + written_, piece.data(), piece.size());
  written_ += piece.size();
  if (!complete) return true;
  // Little-endian, as element.cc asserts of this machine.
  const uint32_t length = static_cast<uint32_t>(total);
  std::memcpy(to.bytes.data() + string_start_, &length, sizeof length);
  string_open_ = false;
  return true;
}

}  // namespace blindai
