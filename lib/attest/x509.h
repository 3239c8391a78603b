// The X.509 that attestation needs, over OpenSSL, which stays out of this header: certificates and
// CRLs of P-256 hierarchies, each question answered by itself. No path building, no trust store:
// verify.cc says which certificate has to be signed by which.
#pragma once

#include <memory>
#include <optional>
#include <string>
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

// A certificate that is well-formed and uses only what Intel's profile has: version 3, DER without
// trailing bytes, ecdsa-with-SHA256, a P-256 key, one common name, no critical extension but
// basicConstraints and keyUsage. Unverified.
class Certificate {
 public:
  // Errors: kMalformed x509.der, x509.profile.
  static Result<Certificate> from_der(BytesView der);

  const std::string& common_name() const { return common_name_; }
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
  // x then y, big-endian.
  const ByteArray<64>& public_point() const { return public_point_; }
  const Bytes& serial() const { return serial_; }  // the INTEGER's magnitude
  bool serial_negative() const { return serial_negative_; }
  // The value of extension 1.2.840.113741.1.13.1; empty when there is none.
  const Bytes& sgx_extension() const { return sgx_extension_; }

  // Whether both are the same certificate, byte for byte.
  bool same_as(const Certificate& other) const;
  // Whether this one's issuer is that one's subject.
  bool names_issuer(const Certificate& issuer) const;
  // Whether that one's key made this one's signature.
  bool signed_by(const Certificate& issuer) const;

 private:
  friend class Crl;
  explicit Certificate(x509_st* x509) : x509_(x509) {}
  Status read();

  std::unique_ptr<x509_st, X509Free> x509_;
  std::string common_name_;
  Time not_before_;
  Time not_after_;
  bool is_ca_ = false;
  std::optional<uint64_t> path_len_;
  bool may_sign_crls_ = false;
  bool may_sign_data_ = false;
  Sha256Digest spki_hash_{};
  ByteArray<64> public_point_{};
  Bytes serial_;
  bool serial_negative_ = false;
  Bytes sgx_extension_;
};

// Certificates in PEM, one after the other, as they stand (leaf first). Only line breaks may stand
// between and after them, and NUL bytes at the very end (quoting libraries count the C string's).
// Errors: kMalformed x509.pem and those of from_der; kTooLarge x509.chain for more than 8.
Result<std::vector<Certificate>> parse_pem_chain(BytesView pem);

// A certificate revocation list: DER, ecdsa-with-SHA256, thisUpdate and nextUpdate given, no
// critical extension. Unverified.
class Crl {
 public:
  // Errors: kMalformed x509.crl, kTooLarge x509.crl-size (over 8 MiB).
  static Result<Crl> from_der(BytesView der);

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
  explicit Crl(X509_crl_st* crl) : crl_(crl) {}

  std::unique_ptr<X509_crl_st, X509Free> crl_;
  Time this_update_;
  Time next_update_;
  std::string issuer_name_;
};

}  // namespace blindai
