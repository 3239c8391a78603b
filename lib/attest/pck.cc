#include "lib/attest/pck.h"

#include <algorithm>
#include <bitset>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// DER tags (ITU-T X.690 section 8).
constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kOid = 0x06;
constexpr uint8_t kSequence = 0x30;

// 1.2.840.113741.1.13.1, the arc below which every OID of the extension lies.
constexpr uint8_t kArc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

// One element: tag and a definite length in its shortest form. The extension fits 64 KiB.
bool element(ByteReader& r, uint8_t& tag, BytesView& content) {
  uint8_t first = 0;
  if (!r.u8(tag) || !r.u8(first)) return false;
  uint64_t length = first;
  if (first == 0x81) {
    uint8_t one = 0;
    if (!r.u8(one) || one < 0x80) return false;
    length = one;
  } else if (first == 0x82) {
    uint16_t two = 0;
    if (!r.u16be(two) || two < 0x100) return false;
    length = two;
  } else if (first >= 0x80) {
    return false;
  }
  return r.bytes(content, length);
}

// A pair SEQUENCE { OID below `arc`, value }. `last` is the OID's final number, 0 when the OID is
// not exactly arc plus one small number.
bool pair(ByteReader& r, BytesView arc, uint8_t& last, uint8_t& tag, BytesView& value) {
  uint8_t outer = 0;
  uint8_t oid_tag = 0;
  BytesView content;
  BytesView oid;
  if (!element(r, outer, content) || outer != kSequence) return false;
  ByteReader inner(content);
  if (!element(inner, oid_tag, oid) || oid_tag != kOid || !element(inner, tag, value) ||
      !inner.done())
    return false;
  const bool ours =
      oid.size() == arc.size() + 1 && equal(oid.first(arc.size()), arc) && oid.back() < 0x80;
  last = ours ? oid.back() : 0;
  return true;
}

// A non-negative INTEGER in its shortest form, at most `max`.
bool small_integer(uint8_t tag, BytesView value, uint16_t max, uint16_t& out) {
  if (tag != kInteger || value.empty() || value.size() > 3 || (value[0] & 0x80) != 0) return false;
  if (value.size() > 1 && value[0] == 0 && (value[1] & 0x80) == 0) return false;
  uint32_t number = 0;
  for (const uint8_t byte : value) number = number << 8 | byte;
  if (number > max) return false;
  out = static_cast<uint16_t>(number);
  return true;
}

template <size_t N>
bool octets(uint8_t tag, BytesView value, ByteArray<N>& out) {
  if (tag != kOctetString || value.size() != N) return false;
  std::copy(value.begin(), value.end(), out.begin());
  return true;
}

// Field .2: components 1 to 16, PCESVN 17, CPUSVN 18, all of them required.
bool read_tcb(BytesView content, PckExtension& out) {
  ByteArray<sizeof kArc + 1> arc;
  std::copy(std::begin(kArc), std::end(kArc), arc.begin());
  arc.back() = 2;
  std::bitset<128> seen;
  for (ByteReader r(content); !r.done();) {
    uint8_t last = 0;
    uint8_t tag = 0;
    BytesView value;
    if (!pair(r, arc, last, tag, value)) return false;
    if (last == 0) continue;
    if (seen[last]) return false;
    seen.set(last);
    uint16_t number = 0;
    if (last <= 16) {
      if (!small_integer(tag, value, 0xff, number)) return false;
      out.components[last - 1u] = static_cast<uint8_t>(number);
    } else if (last == 17) {
      if (!small_integer(tag, value, 0xffff, out.pce_svn)) return false;
    } else if (last == 18) {
      if (!octets(tag, value, out.cpu_svn)) return false;
    }
  }
  for (size_t i = 1; i <= 18; ++i)
    if (!seen[i]) return false;
  return true;
}

bool read(BytesView der, PckExtension& out) {
  ByteReader r(der);
  uint8_t tag = 0;
  BytesView content;
  if (!element(r, tag, content) || tag != kSequence || !r.done()) return false;
  std::bitset<128> seen;
  for (ByteReader fields(content); !fields.done();) {
    uint8_t last = 0;
    BytesView value;
    if (!pair(fields, kArc, last, tag, value)) return false;
    if (last == 0) continue;
    if (seen[last]) return false;
    seen.set(last);
    if (last == 2 && (tag != kSequence || !read_tcb(value, out))) return false;
    if (last == 3 && !octets(tag, value, out.pce_id)) return false;
    if (last == 4 && !octets(tag, value, out.fmspc)) return false;
  }
  return seen[2] && seen[3] && seen[4];
}

}  // namespace

Result<PckExtension> parse_pck_extension(BytesView der) {
  PckExtension out{};
  if (!read(der, out)) return fail(Code::kMalformed, "sgx.pck.extension");
  return out;
}

}  // namespace blindai
