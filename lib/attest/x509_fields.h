// The parts that certificates and CRLs are made of. Private to lib/attest.
//
// Read from DER as it stands, without OpenSSL: its d2i_X509 looks a decoder up for every public key
// and takes 170 microseconds, twice as long as the signature check that follows
// (docs/adr/0005-signature-checks.md). Every function says false for what it does not know.
#pragma once

#include "lib/attest/x509.h"
#include "lib/base/der_reader.h"

namespace blindai {

enum class KeyKind : uint8_t { kP256, kP384, kRsa4096 };

struct X509Rules {
  KeyKind key;
  KeyKind issuer_key;  // decides the signature algorithm: each kind of key signs by one only
  bool basic_constraints;
};
X509Rules rules_of(X509Profile profile);

// SEQUENCE { toBeSigned, AlgorithmIdentifier, BIT STRING }, the frame of both (RFC 5280 sections
// 4.1.1 and 5.1.1). `der` has to end with it.
struct SignedFrame {
  BytesView body;       // toBeSigned with its tag: what the signature is over
  BytesView content;    // what is in it
  BytesView algorithm;  // AlgorithmIdentifier with its tag
  BytesView signature;  // the bits
};
bool read_frame(BytesView der, SignedFrame& out);

// An AlgorithmIdentifier with its tag, that of the one algorithm by which such a key signs.
bool is_algorithm_of(KeyKind issuer, BytesView algorithm);
bool take_whole(DerReader& r, DerTag tag, BytesView& whole);

// A Name (RFC 5280 section 4.1.2.4): its content as it stands, and the one common name in it, as
// UTF-8. False when there is none or more than one.
bool take_name(DerReader& r, BytesView& name, std::string& common_name);
// Section 4.1.2.5: the type and the number of year digits belong together.
bool take_time(DerReader& r, Time& out);
// An INTEGER of at most 20 bytes and a leading zero (section 4.1.2.2): its content.
bool take_serial(DerReader& r, BytesView& out);

struct ExtensionField {
  BytesView oid;  // content
  bool critical = false;
  BytesView value;  // inside the OCTET STRING
};
// One Extension (section 4.2).
bool take_extension(DerReader& r, ExtensionField& out);

// SubjectPublicKeyInfo with its tag: where the key stands in it, when it is of that kind: a point's
// coordinates or a modulus.
bool read_key(KeyKind kind, BytesView spki, BytesView& out);
// Whether the key (as read_key() gave it) made the signature over `body`.
bool signature_holds(KeyKind kind, BytesView key, BytesView body, BytesView signature);

}  // namespace blindai
