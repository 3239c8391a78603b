// Makes X.509 certificates and CRLs: the server's own TLS certificate, and the chains of simulated
// platforms. Reading them is another module's affair.
// Source: RFC 5280; RFC 5758 section 3.2; RFC 4055 section 3.1.   Pure.
#pragma once

#include <functional>
#include <optional>

#include "lib/base/time.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/vendor_keys.h"

namespace blindai {

// Absent parts are left out.
struct X509Name {
  std::string common_name = {};
  std::string organization = {};
  std::string locality = {};
  std::string state = {};
  std::string country = {};  // two letters
};

struct X509Extension {
  std::string oid;  // dotted decimal
  bool critical;
  Bytes value;  // DER, goes into the OCTET STRING
};

// RFC 5280 section 4.2.1.3; or-ed together.
enum X509KeyUsage : uint16_t {
  kDigitalSignature = 0x8000,
  kNonRepudiation = 0x4000,
  kKeyCertSign = 0x0400,
  kCrlSign = 0x0200,
};

X509Extension basic_constraints(bool ca, std::optional<uint8_t> path_len);
X509Extension key_usage(uint16_t usages);
// Key identifiers by RFC 7093 section 2, method 1: the first 20 bytes of SHA-256 over the key bits.
X509Extension subject_key_id(const SigningKey& subject);
X509Extension authority_key_id(const SigningKey& issuer);

// A key that signs certificates and CRLs. Borrows the key it was made from.
struct X509Issuer {
  Bytes algorithm;                       // AlgorithmIdentifier, DER
  std::function<Bytes(BytesView)> sign;  // the signature as it stands in the BIT STRING
  Bytes key_id;                          // as subject_key_id() has it
};
X509Issuer issuer_of(const SigningKey& key);  // ecdsa-with-SHA256
X509Issuer issuer_of(const P384Key& key);     // ecdsa-with-SHA384
X509Issuer issuer_of(const RsaPssKey& key);   // RSASSA-PSS, SHA-384, a salt of 48 bytes

struct CertificateSpec {
  Bytes serial;  // big-endian, at most 20 bytes
  X509Name issuer;
  X509Name subject;
  Time not_before;
  Time not_after;
  std::vector<X509Extension> extensions;
};
// A version 3 certificate for `subject`'s public key, in DER.
Bytes write_certificate(const CertificateSpec& spec, const SigningKey& subject,
                        const SigningKey& issuer);
// The same for the key of this SubjectPublicKeyInfo and any kind of issuer.
Bytes write_certificate(const CertificateSpec& spec, BytesView subject_spki,
                        const X509Issuer& issuer);

struct CrlSpec {
  X509Name issuer;
  Time this_update;
  Time next_update;
  uint64_t number;
  std::vector<Bytes> revoked;  // serial numbers, big-endian
};
// A version 2 CRL with the issuer's key identifier and a CRL number, in DER.
Bytes write_crl(const CrlSpec& spec, const SigningKey& issuer);
Bytes write_crl(const CrlSpec& spec, const X509Issuer& issuer);

// A random positive serial number of 16 bytes.
Bytes random_serial();

}  // namespace blindai
