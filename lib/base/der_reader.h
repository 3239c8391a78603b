// Reads DER out of hostile bytes, one element after the other, on top of ByteReader.
//
//   DerReader r(der);
//   BytesView content;
//   if (!r.take(DerTag::kSequence, content) || !r.done()) return fail(...);
//
// Only what DER allows: a definite length in its shortest form, at most four bytes of it, and tags
// in one byte. A read that fails changes neither its outputs nor the position. Borrows the input.
// Source: ITU-T X.690 sections 8.1 and 10.1.   Pure.
#pragma once

#include "lib/base/byte_reader.h"

namespace blindai {

// Tag bytes, class and "constructed" included (X.690 section 8.1.2).
enum class DerTag : uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kOid = 0x06,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kIa5String = 0x16,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
  kContext0 = 0xa0,  // [0], constructed
  kContext3 = 0xa3,  // [3], constructed
};

class DerReader {
 public:
  explicit DerReader(BytesView der) : in_(der) {}

  // The next element, whatever it is: its tag and its content, borrowed from the input.
  [[nodiscard]] bool next(DerTag& tag, BytesView& content);
  // The next element if it has that tag.
  [[nodiscard]] bool take(DerTag tag, BytesView& content);
  // Whether there is a next element and its tag is this one.
  bool sees(DerTag tag) const;

  size_t at() const { return in_.at(); }
  bool done() const { return in_.done(); }
  // The bytes read since `from`, a position that at() returned: elements with their tags.
  BytesView since(size_t from) const { return in_.since(from); }

 private:
  ByteReader in_;
};

// Whether this is the content of an INTEGER: not empty, in its shortest form.
bool is_der_integer(BytesView content);
// Whether this is the content of an OBJECT IDENTIFIER: not empty, whole numbers in their shortest
// form.
bool is_der_oid(BytesView content);
// The content of a non-negative INTEGER of at most N bytes, as N bytes, big-endian.
template <size_t N>
[[nodiscard]] bool der_unsigned_to(BytesView content, std::span<uint8_t, N> out) {
  if (!is_der_integer(content) || (content[0] & 0x80) != 0) return false;
  if (content[0] == 0 && content.size() > 1) content = content.subspan(1);
  if (content.size() > N) return false;
  std::fill(out.begin(), out.end(), uint8_t{0});
  std::copy(content.begin(), content.end(), out.end() - static_cast<ptrdiff_t>(content.size()));
  return true;
}

}  // namespace blindai
