// Reads CBOR item by item, for formats whose layout is fixed: each call says what has to come next.
// Nothing is copied or allocated; what comes out borrows from the input.
//
//   CborReader r(wire);
//   ASSIGN_OR_RETURN(CborCount entries, r.map());
//   while (true) {
//     ASSIGN_OR_RETURN(const bool more, r.more(entries));
//     if (!more) break;
//     ASSIGN_OR_RETURN(const std::string_view key, r.text());
//     ...
//   }
//   RETURN_IF_ERROR(r.finish());
//
// For documents of others, which are well-formed CBOR but not deterministically encoded: keys stand
// in any order, maps and arrays may be of open length ("indefinite"), null is a value. Whoever
// reads a map has to refuse a repeated key. What no format needs stays refused: longer forms than
// needed, strings in pieces, floats. For our own formats there is Cbor (cbor.h), which accepts one
// encoding only; both read heads with the same function.
//
// Errors, all kMalformed with the offset: "cbor.truncated", "cbor.not-shortest", "cbor.indefinite",
// "cbor.kind" (another item than asked for, floats, reserved forms), "cbor.utf8",
// "cbor.trailing-bytes".
// Source: RFC 8949 section 3.   Pure.
#pragma once

#include "lib/base/byte_reader.h"

namespace blindai {

// RFC 8949 section 3.1: major types.
enum class CborMajor : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

struct CborHead {
  CborMajor major;
  uint64_t argument;
};

// The initial byte and its argument, of definite length and in the shortest form only; no simple
// values. A failure may have consumed the initial byte.
Result<CborHead> read_cbor_head(ByteReader& r);

// How many elements of an array, or entries of a map, are still to come. Made by CborReader.
struct CborCount {
  bool open;      // ends with a break instead of a number
  uint64_t left;  // when not open
};

class CborReader {
 public:
  explicit CborReader(BytesView wire) : r_(wire), wire_(wire) {}

  Result<uint64_t> unsigned_integer();
  Result<BytesView> bytes();
  // UTF-8.
  Result<std::string_view> text();
  // An array of definite length.
  Result<uint64_t> definite_array();
  Result<CborCount> array() { return container(CborMajor::kArray); }
  Result<CborCount> map() { return container(CborMajor::kMap); }
  // Whether another element or entry follows; takes note of it, or of the end. Asked once before
  // each.
  Result<bool> more(CborCount& count);
  // Consumes the item and answers true, if that is what comes next; consumes nothing otherwise.
  bool null() { return next_is(0xf6); }
  // A tag below 24, which has one byte.
  bool small_tag(uint8_t number) { return next_is(static_cast<uint8_t>(0xc0 | number)); }

  // Nothing may be left.
  Status finish() const;
  size_t at() const { return r_.at(); }

 private:
  bool next_is(uint8_t initial);
  Result<uint64_t> head(CborMajor major);
  Result<CborCount> container(CborMajor major);

  ByteReader r_;
  BytesView wire_;
};

}  // namespace blindai
