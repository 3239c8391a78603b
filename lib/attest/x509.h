// The X.509 that attestation needs, over OpenSSL, which stays out of this header: certificates and
// CRLs of the vendors' hierarchies, each question answered by itself. No path building, no trust
// store: a TEE's verifier says which certificate has to be signed by which.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

struct x509_st;
struct X509_crl_st;

namespace blindai {

struct X509Free {
  void operator()(x509_st* x509) const;
  void operator()(X509_crl_st* crl) const;
};

// Whose certificates they are: decides which algorithms and which key are well-formed. Everything
// else is an answer that the caller asks for.
enum class X509Profile : uint8_t {
  // Intel PCK Certificate and CRL Profile: ecdsa-with-SHA256, a P-256 key.
  kIntel,
  // AMD 57230: ARK, ASK and ASVK. RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48
  // bytes; a key of RSA-4096 with exponent 65537.
  kAmdCa,
  // AMD 57230 and 58369: VCEK and VLEK. Signed as above; a P-384 key, neither basicConstraints nor
  // keyUsage. Their serial number is 0, which RFC 5280 does not allow.
  kAmdVek,
  // AWS nsm-api, attestation_process.md: root, intermediates and leaf. ecdsa-with-SHA384, a P-384
  // key.
  kNitro,
};

// A certificate that is well-formed: version 3, DER without trailing bytes, its profile's signature
// algorithm and key, one common name, basicConstraints present (kAmdVek: absent), no critical
// extension but basicConstraints and keyUsage, none twice. Unverified.
class Certificate {
 public:
  // Errors: kMalformed x509.der, x509.profile.
  static Result<Certificate> from_der(BytesView der, X509Profile profile = X509Profile::kIntel);

  const std::string& common_name() const { return common_name_; }
  // The common name of the issuer, for people; empty when it has none.
  std::string issuer_name() const;
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }  // the last second of validity
  bool in_force(Time now) const { return not_before_ <= now && now <= not_after_; }
  // basicConstraints CA and keyUsage keyCertSign together; each is required.
  bool is_ca() const { return is_ca_; }
  // How many CAs may stand below it; absent: any number.
  std::optional<uint64_t> path_len() const { return path_len_; }
  bool may_sign_crls() const { return may_sign_crls_; }
  bool may_sign_data() const { return may_sign_data_; }  // keyUsage digitalSignature
  const Sha256Digest& spki_hash() const { return spki_hash_; }
  // x then y, big-endian. Zeros unless the profile's key is P-256, or P-384.
  const ByteArray<64>& public_point() const { return public_point_; }
  const ByteArray<96>& p384_point() const { return p384_point_; }
  const Bytes& serial() const { return serial_; }  // the INTEGER's magnitude
  bool serial_negative() const { return serial_negative_; }
  // The value of extension 1.2.840.113741.1.13.1; empty when there is none.
  const Bytes& sgx_extension() const { return sgx_extension_; }
  // The value (what is inside the OCTET STRING) of the extension with this OID in dotted decimal,
  // borrowed; absent when there is none.
  std::optional<BytesView> extension(std::string_view oid) const;

  // Whether both are the same certificate, byte for byte.
  bool same_as(const Certificate& other) const;
  // Whether this one's issuer is that one's subject.
  bool names_issuer(const Certificate& issuer) const;
  // Whether that one's key made this one's signature, by this one's algorithm. False when that
  // key is of another kind than the algorithm's.
  bool signed_by(const Certificate& issuer) const;

 private:
  friend class Crl;
  Certificate(x509_st* x509, X509Profile profile) : x509_(x509), profile_(profile) {}
  Status read();
  Status read_extensions();

  std::unique_ptr<x509_st, X509Free> x509_;
  X509Profile profile_;
  std::string common_name_;
  Time not_before_;
  Time not_after_;
  bool is_ca_ = false;
  std::optional<uint64_t> path_len_;
  bool may_sign_crls_ = false;
  bool may_sign_data_ = false;
  Sha256Digest spki_hash_{};
  ByteArray<64> public_point_{};
  ByteArray<96> p384_point_{};
  Bytes serial_;
  bool serial_negative_ = false;
  Bytes sgx_extension_;
};

// Certificates in PEM, one after the other, as they stand (leaf first). Only line breaks may stand
// between and after them, and NUL bytes at the very end (quoting libraries count the C string's).
// Errors: kMalformed x509.pem and those of from_der; kTooLarge x509.chain for more than 8.
Result<std::vector<Certificate>> parse_pem_chain(BytesView pem,
                                                 X509Profile profile = X509Profile::kIntel);

// A certificate revocation list: DER, the signature algorithm of its issuer's profile, thisUpdate
// and nextUpdate given, no critical extension. Unverified.
class Crl {
 public:
  // Errors: kMalformed x509.crl, kTooLarge x509.crl-size (over 8 MiB).
  static Result<Crl> from_der(BytesView der, X509Profile issuer = X509Profile::kIntel);

  Time this_update() const { return this_update_; }
  Time next_update() const { return next_update_; }
  bool in_force(Time now) const { return this_update_ <= now && now <= next_update_; }
  // The common name of the issuer, for people.
  const std::string& issuer_name() const { return issuer_name_; }
  bool names_issuer(const Certificate& issuer) const;
  bool signed_by(const Certificate& issuer) const;
  // Whether the list has the serial number, for whatever reason.
  bool lists(const Certificate& certificate) const;

 private:
  Crl(X509_crl_st* crl, X509Profile profile) : crl_(crl), profile_(profile) {}

  std::unique_ptr<X509_crl_st, X509Free> crl_;
  X509Profile profile_;
  Time this_update_;
  Time next_update_;
  std::string issuer_name_;
};

}  // namespace blindai
