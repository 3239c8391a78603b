// A small strict CBOR: the core deterministic encoding and nothing else.
//
//   Result<Cbor> item = Cbor::parse(wire, {.depth = 2, .items = 16});
//   const Cbor* hash = item->find("config");
//   if (hash == nullptr || hash->as_bytes() == nullptr) ...
//
//   Bytes wire = Cbor::map({{Cbor::text("config"), Cbor::bytes(digest)}}).encode();
//
// Kinds: unsigned and negative integers, byte and text strings, arrays, maps, tags. Floats,
// booleans, null and other simple values are refused: no format of the project uses them. Because
// every value has exactly one encoding, parse(wire)->encode() == wire for all wires that parse.
// Source: RFC 8949 sections 3 and 4.2.1 (core deterministic encoding requirements).   Pure.
#pragma once

#include <optional>
#include <utility>

#include "lib/base/bytes.h"

namespace blindai {

// How much a parse may build. Checked before anything is allocated.
struct CborLimits {
  uint32_t depth = 8;     // arrays, maps and tags around the innermost value
  uint32_t items = 1024;  // data items in all, keys and values counted one each
};

class Cbor {
 public:
  enum class Kind : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag };
  using Entry = std::pair<Cbor, Cbor>;

  // Exactly one data item, whole input.
  // Errors, all kMalformed with the offset: "cbor.truncated", "cbor.trailing-bytes",
  // "cbor.not-shortest" (a longer form than the value needs), "cbor.indefinite", "cbor.kind"
  // (floats, simple values, reserved forms), "cbor.utf8", "cbor.key-order" (unsorted or twice the
  // same key); kTooLarge "cbor.depth", "cbor.items".
  static Result<Cbor> parse(BytesView wire, CborLimits limits = {});

  static Cbor integer(int64_t value);
  static Cbor unsigned_integer(uint64_t value);
  // The number -1 - n.
  static Cbor negative(uint64_t n);
  static Cbor bytes(BytesView value);
  // Must be UTF-8.
  static Cbor text(std::string_view value);
  static Cbor array(std::vector<Cbor> elements);
  // In any order; encode() sorts. No key twice.
  static Cbor map(std::vector<Entry> entries);
  static Cbor tagged(uint64_t tag, Cbor content);

  Kind kind() const { return kind_; }
  // Each answers nothing when the item is of another kind; as_integer also when it does not fit.
  std::optional<int64_t> as_integer() const;
  std::optional<uint64_t> as_unsigned() const;
  const Bytes* as_bytes() const { return kind_ == Kind::kBytes ? &string_ : nullptr; }
  std::optional<std::string_view> as_text() const;
  const std::vector<Cbor>* as_array() const { return kind_ == Kind::kArray ? &children_ : nullptr; }
  // The content when this is a tag with that number.
  const Cbor* as_tagged(uint64_t tag) const;
  // For a map: how many entries, and the value under a text key (nullptr when absent or not a map).
  size_t num_entries() const { return kind_ == Kind::kMap ? children_.size() / 2 : 0; }
  const Cbor* find(std::string_view key) const;

  Bytes encode() const;

 private:
  friend class CborParser;
  explicit Cbor(Kind kind) : kind_(kind) {}
  void encode_into(Bytes& out) const;

  Kind kind_;
  uint64_t number_ = 0;         // integers (n of -1 - n for negative ones) and tag numbers
  Bytes string_;                // byte and text strings
  std::vector<Cbor> children_;  // elements; key, value, key, value ...; a tag's content
};

}  // namespace blindai
