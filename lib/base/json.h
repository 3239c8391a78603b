// A strict JSON reader (RFC 8259) for documents that somebody signed, or whose meaning matters.
//
//   ASSIGN_OR_RETURN(JsonDocument doc, JsonDocument::parse(text));
//   const JsonValue info = doc.root()["tcbInfo"];
//   if (!info.is_object()) return fail(Code::kMalformed, "sgx.tcb-info.layout");
//   verify_signature(info.raw());          // the very bytes, never a re-serialisation
//
// Refused beyond RFC 8259: duplicate keys (compared after unescaping), anything after the value,
// invalid UTF-8, unpaired surrogate escapes, and whatever exceeds the limits. Numbers are kept as
// text: nothing is rounded. A JsonValue borrows from its document, the document from the text it
// was given; neither may outlive it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

struct JsonLimits {
  size_t max_bytes = 1 << 20;
  size_t max_depth = 32;      // of nested arrays and objects
  size_t max_values = 65536;  // values of any kind
};

enum class JsonKind : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

class JsonValue;

class JsonDocument {
 public:
  // Errors, with the offset: kMalformed json.syntax, json.utf8, json.duplicate-key, json.trailing;
  // kTooLarge json.too-large (bytes, depth or values).
  static Result<JsonDocument> parse(std::string_view text, const JsonLimits& limits = {});

  JsonValue root() const;

 private:
  friend class JsonValue;
  friend class JsonReader;
  struct Node {
    JsonKind kind = JsonKind::kNull;
    bool escaped = false;  // a string with a backslash in it
    bool key_escaped = false;
    uint32_t begin = 0;  // raw span, quotes included
    uint32_t end = 0;
    uint32_t key_begin = 0;  // between the quotes; members of objects only
    uint32_t key_end = 0;
    uint32_t count = 0;  // children
    uint32_t next = 0;   // the node after this one and all below it
  };

  // The text of a string literal that the reader has accepted, without its quotes.
  static std::string unescape(std::string_view inner);

  std::string_view text_;
  std::vector<Node> nodes_;  // depth first; children of i begin at i + 1
};

// One value, or "no such value" (exists() is false), which has no kind, text or members: lookups
// can be chained and checked once.
class JsonValue {
 public:
  JsonValue() = default;

  bool exists() const { return doc_ != nullptr; }
  bool is(JsonKind kind) const { return exists() && node().kind == kind; }
  bool is_object() const { return is(JsonKind::kObject); }
  bool is_array() const { return is(JsonKind::kArray); }
  bool is_string() const { return is(JsonKind::kString); }
  JsonKind kind() const { return node().kind; }  // requires exists()

  // The bytes of the value as they stand in the text, without surrounding white space. Empty when
  // it does not exist.
  std::string_view raw() const;
  size_t offset() const { return exists() ? node().begin : 0; }

  // Errors of all of these: kMalformed json.type when the value is absent or of another kind.
  Result<std::string> string() const;
  // Without a copy; also json.type for a string that has escapes.
  Result<std::string_view> plain_string() const;
  // Exactly, from digits with no fraction or exponent; json.number when it does not fit.
  Result<uint64_t> u64() const;
  Result<int64_t> i64() const;
  Result<bool> boolean() const;

  // Children of an array or object; 0 for anything else.
  size_t size() const;
  // The member of that name; absent when there is none or this is not an object.
  JsonValue operator[](std::string_view key) const;

  // In document order: for (JsonValue v = a.first(); v.exists(); v = v.next_in(a)).
  JsonValue first() const;
  JsonValue next_in(const JsonValue& parent) const;
  // The member's own name, unescaped. Empty for values that are not members.
  std::string key() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* doc, uint32_t index) : doc_(doc), index_(index) {}
  const JsonDocument::Node& node() const { return doc_->nodes_[index_]; }

  const JsonDocument* doc_ = nullptr;
  uint32_t index_ = 0;
};

// `text` between quotes, escaped as RFC 8259 section 7 asks; invalid UTF-8 becomes U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace blindai
