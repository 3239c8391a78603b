// Writes DER, the encoding of certificates, CRLs and their extensions. Values nest as calls do:
//
//   der_sequence({der_oid("2.5.4.3"), der_utf8("blindai")})
//
// For bytes of our own making: a wrong argument (an OID that is not one, a year of five digits) is
// an invariant broken, and aborts. Source: ITU-T X.690 sections 8 and 10.   Pure.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace blindai {

// Any tag byte with this content.
Bytes der(uint8_t tag, BytesView content);

Bytes der_sequence(const std::vector<Bytes>& elements);
// A SET of one element, all that names and attributes need.
Bytes der_set_of_one(const Bytes& element);
// [number] EXPLICIT, or a constructed IMPLICIT one: tag 0xA0 + number.
Bytes der_context(uint8_t number, BytesView content);
// A primitive IMPLICIT [number]: tag 0x80 + number.
Bytes der_context_primitive(uint8_t number, BytesView content);

Bytes der_boolean(bool value);
Bytes der_integer(uint64_t value);
// A non-negative INTEGER given big-endian; leading zeros are dropped or added as DER wants.
Bytes der_unsigned(BytesView big_endian);
Bytes der_enumerated(uint8_t value);
Bytes der_null();
// Dotted decimal, "1.2.840.10045.2.1".
Bytes der_oid(std::string_view dotted);
Bytes der_octet_string(BytesView value);
// `unused` low bits of the last byte do not count.
Bytes der_bit_string(BytesView value, uint8_t unused = 0);
Bytes der_utf8(std::string_view text);
// The letters of PrintableString only; for country codes.
Bytes der_printable(std::string_view text);
// UTCTime from 1950 to 2049, GeneralizedTime otherwise (RFC 5280 section 4.1.2.5).
Bytes der_time(Time time);

// "-----BEGIN CERTIFICATE-----" and so on, base64 lines of 64 (RFC 7468 section 3).
std::string to_pem(std::string_view label, BytesView der);

}  // namespace blindai
