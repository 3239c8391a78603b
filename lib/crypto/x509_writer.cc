#include "lib/crypto/x509_writer.h"

#include "lib/base/der_writer.h"

namespace blindai {
namespace {

Bytes algorithm() {
  return der_sequence({der_oid("1.2.840.10045.4.3.2")});
}  // ecdsa-with-SHA256

Bytes name_to_der(const X509Name& name) {
  std::vector<Bytes> parts;
  const auto add = [&parts](std::string_view oid, const Bytes& value) {
    parts.push_back(der_set_of_one(der_sequence({der_oid(oid), value})));
  };
  if (!name.common_name.empty()) add("2.5.4.3", der_utf8(name.common_name));
  if (!name.organization.empty()) add("2.5.4.10", der_utf8(name.organization));
  if (!name.locality.empty()) add("2.5.4.7", der_utf8(name.locality));
  if (!name.state.empty()) add("2.5.4.8", der_utf8(name.state));
  if (!name.country.empty()) add("2.5.4.6", der_printable(name.country));
  return der_sequence(parts);
}

Bytes extensions_to_der(const std::vector<X509Extension>& extensions) {
  std::vector<Bytes> parts;
  for (const X509Extension& extension : extensions) {
    std::vector<Bytes> one = {der_oid(extension.oid)};
    if (extension.critical) one.push_back(der_boolean(true));
    one.push_back(der_octet_string(extension.value));
    parts.push_back(der_sequence(one));
  }
  return der_sequence(parts);
}

Bytes key_id(const SigningKey& key) {
  Bytes point = {4};  // SEC 1 section 2.3.3, uncompressed
  append(point, key.public_point());
  const Sha256Digest digest = sha256(point);
  return {digest.begin(), digest.begin() + 20};
}

// SEQUENCE {to-be-signed, algorithm, signature}: the shape of certificates and CRLs alike.
Bytes sign(const Bytes& to_be_signed, const SigningKey& issuer) {
  const ByteArray<64> raw = issuer.sign_raw(to_be_signed);
  const BytesView both(raw);
  const Bytes signature =
      der_sequence({der_unsigned(both.first(32)), der_unsigned(both.subspan(32))});
  return der_sequence({to_be_signed, algorithm(), der_bit_string(signature)});
}

}  // namespace

X509Extension basic_constraints(bool ca, std::optional<uint8_t> path_len) {
  std::vector<Bytes> parts;
  if (ca) parts.push_back(der_boolean(true));
  if (path_len.has_value()) parts.push_back(der_integer(*path_len));
  return {"2.5.29.19", true, der_sequence(parts)};
}

X509Extension key_usage(uint16_t usages) {
  // A named bit list: trailing zero bits are dropped (X.690 section 11.2.2). No usage named here is
  // beyond the first byte.
  const auto bits = static_cast<uint8_t>(usages >> 8);
  BLINDAI_CHECK(bits != 0 && (usages & 0xff) == 0);
  uint8_t unused = 0;
  while (((bits >> unused) & 1) == 0) ++unused;
  return {"2.5.29.15", true, der_bit_string({&bits, 1}, unused)};
}

X509Extension subject_key_id(const SigningKey& subject) {
  return {"2.5.29.14", false, der_octet_string(key_id(subject))};
}

X509Extension authority_key_id(const SigningKey& issuer) {
  return {"2.5.29.35", false, der_sequence({der_context_primitive(0, key_id(issuer))})};
}

Bytes write_certificate(const CertificateSpec& spec, const SigningKey& subject,
                        const SigningKey& issuer) {
  BLINDAI_CHECK(spec.serial.size() <= 20);
  return sign(der_sequence({der_context(0, der_integer(2)), der_unsigned(spec.serial), algorithm(),
                            name_to_der(spec.issuer),
                            der_sequence({der_time(spec.not_before), der_time(spec.not_after)}),
                            name_to_der(spec.subject), subject.spki(),
                            der_context(3, extensions_to_der(spec.extensions))}),
              issuer);
}

Bytes write_crl(const CrlSpec& spec, const SigningKey& issuer) {
  std::vector<Bytes> parts = {der_integer(1), algorithm(), name_to_der(spec.issuer),
                              der_time(spec.this_update), der_time(spec.next_update)};
  if (!spec.revoked.empty()) {
    std::vector<Bytes> entries;
    for (const Bytes& serial : spec.revoked)
      entries.push_back(der_sequence({der_unsigned(serial), der_time(spec.this_update)}));
    parts.push_back(der_sequence(entries));
  }
  const X509Extension number = {"2.5.29.20", false, der_integer(spec.number)};
  parts.push_back(der_context(0, extensions_to_der({authority_key_id(issuer), number})));
  return sign(der_sequence(parts), issuer);
}

Bytes random_serial() {
  Bytes serial(16);
  random_bytes(serial);
  serial[0] = static_cast<uint8_t>((serial[0] & 0x3f) | 0x40);  // positive, and always 16 bytes
  return serial;
}

}  // namespace blindai
