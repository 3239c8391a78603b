// Reads protobuf's wire format, field by field, as strictly as every writer writes it.
//
//   WireReader r(message, offset_in_file);
//   while (!r.done()) {
//     ASSIGN_OR_RETURN(const Field field, r.next());
//     ...
//   }
//
// Protobuf's own readers are lenient: they cut long numbers, skip what they do not know and take
// the last of several. A checker that is lenient in another way sees another model than ONNX
// Runtime does, so everything that could be read in two ways is refused:
//   model.varint        longer than ten bytes, over 64 bits, or not the shortest form
//   model.group         wire types 3 and 4 (groups), which ONNX does not use
//   model.wire-type     wire types 6 and 7
//   model.unknown-field field number 0 or over 2^29 - 1
//   model.truncated     a length beyond the end of the message it is in
// Source: protobuf.dev, "Encoding".   Pure; borrows the bytes; allocates for refusals only.
#pragma once

#include "lib/base/byte_reader.h"
#include "lib/onnx/rules.h"

namespace blindai::onnx {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;    // of kVarint
  BytesView bytes = {};  // of the other types, little-endian
  uint64_t at = 0;       // of the field's first byte in the file
  uint64_t bytes_at = 0;
};

class WireReader {
 public:
  explicit WireReader(BytesView message, uint64_t offset = 0) : r_(message), offset_(offset) {}

  bool done() const { return r_.done(); }
  uint64_t at() const { return offset_ + r_.at(); }
  Checked<Field> next();
  // A number in a list.
  Checked<uint64_t> varint();

 private:
  ByteReader r_;
  uint64_t offset_;
};

// "At byte 17 of the file, " + what: how sentences about bytes begin.
std::unexpected<Refusal> refuse_at(Rule rule, uint64_t at, std::string_view what);

// A packed list of varints: how many, and how many bytes the longest has.
struct VarintList {
  uint64_t count = 0;
  uint64_t longest = 0;
};
// Errors: model.varint, model.truncated.
Checked<VarintList> measure_varints(BytesView list, uint64_t offset);

// Goes through a message that has been checked (lib/onnx/schema.h), without errors: what is not
// well-formed, which cannot be, ends it.
class CheckedFields {
 public:
  explicit CheckedFields(BytesView message) : r_(message) {}
  bool next(Field& field) {
    if (r_.done()) return false;
    auto read = r_.next();
    if (!read.has_value()) return false;
    field = *read;
    return true;
  }

 private:
  WireReader r_;
};

}  // namespace blindai::onnx
