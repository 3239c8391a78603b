#include "lib/crypto/x509_writer.h"

#include "lib/base/der_writer.h"

namespace blindai {
namespace {

// RFC 4055 section 3.1. The trailer field has its default and is left out.
Bytes pss_sha384() {
  const Bytes sha384 = der_sequence({der_oid("2.16.840.1.101.3.4.2.2"), der_null()});
  const Bytes mgf1 = der_sequence({der_oid("1.2.840.113549.1.1.8"), sha384});
  return der_sequence(
      {der_oid("1.2.840.113549.1.1.10"), der_sequence({der_context(0, sha384), der_context(1, mgf1),
                                                       der_context(2, der_integer(48))})});
}

// r then s, as ECDSA-Sig-Value (RFC 3279 section 2.2.3).
Bytes ecdsa_value(BytesView raw) {
  const size_t half = raw.size() / 2;
  return der_sequence({der_unsigned(raw.first(half)), der_unsigned(raw.subspan(half))});
}

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

Bytes key_id_of_bits(BytesView key_bits) {
  const Sha256Digest digest = sha256(key_bits);
  return {digest.begin(), digest.begin() + 20};
}

Bytes key_id_of_point(BytesView point) {
  Bytes bits = {4};  // SEC 1 section 2.3.3, uncompressed
  append(bits, point);
  return key_id_of_bits(bits);
}

Bytes key_id(const SigningKey& key) {
  return key_id_of_point(key.public_point());
}

// SEQUENCE {to-be-signed, algorithm, signature}: the shape of certificates and CRLs alike.
Bytes sign(const Bytes& to_be_signed, const X509Issuer& issuer) {
  return der_sequence({to_be_signed, issuer.algorithm, der_bit_string(issuer.sign(to_be_signed))});
}

X509Extension authority_key_id_of(BytesView id) {
  return {"2.5.29.35", false, der_sequence({der_context_primitive(0, id)})};
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
  return authority_key_id_of(key_id(issuer));
}

X509Issuer issuer_of(const SigningKey& key) {
  return {der_sequence({der_oid("1.2.840.10045.4.3.2")}),
          [&key](BytesView message) { return ecdsa_value(key.sign_raw(message)); }, key_id(key)};
}

X509Issuer issuer_of(const P384Key& key) {
  return {der_sequence({der_oid("1.2.840.10045.4.3.3")}),
          [&key](BytesView message) { return ecdsa_value(key.sign_raw(message)); },
          key_id_of_point(key.public_point())};
}

X509Issuer issuer_of(const RsaPssKey& key) {
  // SEQUENCE {algorithm, BIT STRING}: of this one kind of key the first 24 bytes are always the
  // two headers, the algorithm and the count of unused bits.
  const Bytes spki = key.spki();
  return {pss_sha384(), [&key](BytesView message) { return to_bytes(key.sign(message)); },
          key_id_of_bits(BytesView(spki).subspan(24))};
}

Bytes write_certificate(const CertificateSpec& spec, const SigningKey& subject,
                        const SigningKey& issuer) {
  return write_certificate(spec, subject.spki(), issuer_of(issuer));
}

Bytes write_certificate(const CertificateSpec& spec, BytesView subject_spki,
                        const X509Issuer& issuer) {
  BLINDAI_CHECK(spec.serial.size() <= 20);
  return sign(der_sequence({der_context(0, der_integer(2)), der_unsigned(spec.serial),
                            issuer.algorithm, name_to_der(spec.issuer),
                            der_sequence({der_time(spec.not_before), der_time(spec.not_after)}),
                            name_to_der(spec.subject), to_bytes(subject_spki),
                            der_context(3, extensions_to_der(spec.extensions))}),
              issuer);
}

Bytes write_crl(const CrlSpec& spec, const SigningKey& issuer) {
  return write_crl(spec, issuer_of(issuer));
}

Bytes write_crl(const CrlSpec& spec, const X509Issuer& issuer) {
  std::vector<Bytes> parts = {der_integer(1), issuer.algorithm, name_to_der(spec.issuer),
                              der_time(spec.this_update), der_time(spec.next_update)};
  if (!spec.revoked.empty()) {
    std::vector<Bytes> entries;
    for (const Bytes& serial : spec.revoked)
      entries.push_back(der_sequence({der_unsigned(serial), der_time(spec.this_update)}));
    parts.push_back(der_sequence(entries));
  }
  const X509Extension number = {"2.5.29.20", false, der_integer(spec.number)};
  parts.push_back(der_context(0, extensions_to_der({authority_key_id_of(issuer.key_id), number})));
  return sign(der_sequence(parts), issuer);
}

Bytes random_serial() {
  Bytes serial(16);
  random_bytes(serial);
  serial[0] = static_cast<uint8_t>((serial[0] & 0x3f) | 0x40);  // positive, and always 16 bytes
  return serial;
}

}  // namespace blindai
