#include "lib/attest/x509_fields.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// AlgorithmIdentifiers, whole: RFC 5758 section 3.2.
constexpr uint8_t kEcdsaSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr uint8_t kEcdsaSha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
// RSASSA-PSS (RFC 4055 section 3.1): the OID, then parameters with SHA-384, MGF1 with SHA-384 and
// salt length 48, then the trailer field. AMD's older certificates spell out its default, which DER
// would leave out.
constexpr uint8_t kPssOid[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a};
constexpr uint8_t kPssFields[] = {0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                                  0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06,
                                  0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30,
                                  0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                  0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30};
constexpr uint8_t kPssTrailer[] = {0xa3, 0x03, 0x02, 0x01, 0x01};

// SubjectPublicKeyInfo up to the key. RFC 5480 section 2: a named curve and an uncompressed point.
constexpr uint8_t kP256Head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr uint8_t kP384Head[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04};
// RFC 4055 section 1.2: rsaEncryption with NULL parameters, a modulus of 4096 bits, exponent 65537.
constexpr uint8_t kRsaHead[] = {0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x02,
                                0x0f, 0x00, 0x30, 0x82, 0x02, 0x0a, 0x02, 0x82, 0x02, 0x01, 0x00};
constexpr uint8_t kRsaTail[] = {0x02, 0x03, 0x01, 0x00, 0x01};

constexpr uint8_t kCommonNameOid[] = {0x55, 0x04, 0x03};

bool is_pss_sha384(BytesView algorithm) {
  DerReader outer(algorithm);
  BytesView content;
  if (!outer.take(DerTag::kSequence, content) || !outer.done() || content.size() < sizeof kPssOid ||
      !equal(content.first(sizeof kPssOid), kPssOid))
    return false;
  DerReader inner(content.subspan(sizeof kPssOid));
  BytesView fields;
  if (!inner.take(DerTag::kSequence, fields) || !inner.done() || fields.size() < sizeof kPssFields)
    return false;
  const BytesView rest = fields.subspan(sizeof kPssFields);
  return equal(fields.first(sizeof kPssFields), kPssFields) &&
         (rest.empty() || equal(rest, kPssTrailer));
}

// What stands between `head` and `tail`, when that is `length` bytes.
bool between(BytesView spki, BytesView head, size_t length, BytesView tail, BytesView& out) {
  if (spki.size() != head.size() + length + tail.size() || !equal(spki.first(head.size()), head) ||
      !equal(spki.last(tail.size()), tail))
    return false;
  out = spki.subspan(head.size(), length);
  return true;
}

bool is_text(DerTag tag, BytesView value) {
  return (tag == DerTag::kUtf8String || tag == DerTag::kPrintableString ||
          tag == DerTag::kIa5String) &&
         is_utf8(value);
}

// ECDSA-Sig-Value (RFC 3279 section 2.2.3), each number of at most N / 2 bytes.
template <size_t N>
bool read_ecdsa(BytesView der, ByteArray<N>& out) {
  DerReader outer(der);
  BytesView content;
  BytesView r;
  BytesView s;
  if (!outer.take(DerTag::kSequence, content) || !outer.done()) return false;
  DerReader inner(content);
  const std::span<uint8_t, N> numbers(out);
  return inner.take(DerTag::kInteger, r) && inner.take(DerTag::kInteger, s) && inner.done() &&
         der_unsigned_to<N / 2>(r, numbers.template first<N / 2>()) &&
         der_unsigned_to<N / 2>(s, numbers.template last<N / 2>());
}

template <size_t N>
ByteArray<N> array_of(BytesView bytes) {
  ByteArray<N> out;
  BLINDAI_CHECK(bytes.size() == N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace

X509Rules rules_of(X509Profile profile) {
  switch (profile) {
    case X509Profile::kIntel:
      break;
    case X509Profile::kAmdCa:
      return {KeyKind::kRsa4096, KeyKind::kRsa4096, true};
    case X509Profile::kAmdVek:
      return {KeyKind::kP384, KeyKind::kRsa4096, false};
    case X509Profile::kNitro:
      return {KeyKind::kP384, KeyKind::kP384, true};
  }
  return {KeyKind::kP256, KeyKind::kP256, true};
}

bool take_whole(DerReader& r, DerTag tag, BytesView& whole) {
  const size_t from = r.at();
  BytesView content;
  if (!r.take(tag, content)) return false;
  whole = r.since(from);
  return true;
}

bool read_frame(BytesView der, SignedFrame& out) {
  DerReader outer(der);
  BytesView content;
  if (!outer.take(DerTag::kSequence, content) || !outer.done()) return false;
  DerReader r(content);
  BytesView bits;
  if (!r.take(DerTag::kSequence, out.content)) return false;
  out.body = r.since(0);
  if (!take_whole(r, DerTag::kSequence, out.algorithm) || !r.take(DerTag::kBitString, bits) ||
      !r.done() || bits.empty() || bits[0] != 0)
    return false;
  out.signature = bits.subspan(1);
  return true;
}

bool is_algorithm_of(KeyKind issuer, BytesView algorithm) {
  switch (issuer) {
    case KeyKind::kP256:
      return equal(algorithm, kEcdsaSha256);
    case KeyKind::kP384:
      return equal(algorithm, kEcdsaSha384);
    case KeyKind::kRsa4096:
      return is_pss_sha384(algorithm);
  }
  return false;
}

bool take_name(DerReader& r, BytesView& name, std::string& common_name) {
  size_t names = 0;
  BytesView set;
  if (!r.take(DerTag::kSequence, name)) return false;
  for (DerReader sets(name); !sets.done();) {
    if (!sets.take(DerTag::kSet, set) || set.empty()) return false;
    for (DerReader attributes(set); !attributes.done();) {
      BytesView attribute;
      BytesView oid;
      BytesView value;
      DerTag tag{};
      if (!attributes.take(DerTag::kSequence, attribute)) return false;
      DerReader pair(attribute);
      if (!pair.take(DerTag::kOid, oid) || !is_der_oid(oid) || !pair.next(tag, value) ||
          !pair.done() || !is_text(tag, value))
        return false;
      if (!equal(oid, kCommonNameOid)) continue;
      common_name = as_text(value);
      ++names;
    }
  }
  return names == 1;
}

bool take_time(DerReader& r, Time& out) {
  DerTag tag{};
  BytesView value;
  if (!r.next(tag, value)) return false;
  if (!(tag == DerTag::kUtcTime && value.size() == 13) &&
      !(tag == DerTag::kGeneralizedTime && value.size() == 15))
    return false;
  const auto parsed = parse_asn1_time(as_text(value));
  if (!parsed.has_value()) return false;
  out = *parsed;
  return true;
}

bool take_serial(DerReader& r, BytesView& out) {
  constexpr size_t kMaxSerialLen = 21;  // 20 and the zero before a highest bit that is set: Intel's
  return r.take(DerTag::kInteger, out) && is_der_integer(out) && out.size() <= kMaxSerialLen;
}

bool take_extension(DerReader& r, ExtensionField& out) {
  BytesView content;
  if (!r.take(DerTag::kSequence, content)) return false;
  DerReader fields(content);
  BytesView flag;
  if (!fields.take(DerTag::kOid, out.oid) || !is_der_oid(out.oid)) return false;
  if (fields.sees(DerTag::kBoolean)) {
    // DER leaves FALSE out, but some issuers write it.
    if (!fields.take(DerTag::kBoolean, flag) || flag.size() != 1 ||
        (flag[0] != 0x00 && flag[0] != 0xff))
      return false;
    out.critical = flag[0] != 0;
  }
  return fields.take(DerTag::kOctetString, out.value) && fields.done();
}

bool read_key(KeyKind kind, BytesView spki, BytesView& out) {
  switch (kind) {
    case KeyKind::kP256:
      return between(spki, kP256Head, 64, {}, out);
    case KeyKind::kP384:
      return between(spki, kP384Head, 96, {}, out);
    case KeyKind::kRsa4096:
      // The highest bit makes it 4096 bits long.
      return between(spki, kRsaHead, 512, kRsaTail, out) && (out[0] & 0x80) != 0;
  }
  return false;
}

bool signature_holds(KeyKind kind, BytesView key, BytesView body, BytesView signature) {
  ByteArray<64> p256{};
  ByteArray<96> p384{};
  switch (kind) {
    case KeyKind::kP256:
      return read_ecdsa(signature, p256) && verify_p256(array_of<64>(key), body, p256);
    case KeyKind::kP384:
      return read_ecdsa(signature, p384) && verify_p384(array_of<96>(key), body, p384);
    case KeyKind::kRsa4096:
      return verify_rsa_pss(array_of<512>(key), body, signature);
  }
  return false;
}

}  // namespace blindai
