// What reading a certificate's evidence takes of X.509, over OpenSSL, which stays out of this
// header. Private to lib/channel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/bytes.h"

struct x509_st;

namespace blindai {

// Forms of evidence in a certificate, each an extension of its own.
inline constexpr char kTaggedEvidenceOid[] = "2.23.133.5.4.9";  // CCC and TCG
// Gramine before the common form: bytes that were meant to be 1.2.840.113741.1337.6, with tag and
// length inside the OBJECT IDENTIFIER.
inline constexpr char kGramineOid[] = "0.6.9.42.840.113741.1337.6";
// Intel's SGX SDK and Open Enclave before it: also the OID of the extension that tells a PCK
// certificate's platform.
inline constexpr char kSgxSdkOid[] = "1.2.840.113741.1.13.1";

struct X509Deleter {
  void operator()(x509_st* certificate) const;
};

class TlsCertificate {
 public:
  // Which keys are accepted.
  enum class Keys : uint8_t { kP256, kP256OrP384, kAny };

  struct Extension {
    std::string oid;  // dotted decimal
    bool critical;
    BytesView value;  // the content of the OCTET STRING
  };

  // Exactly one DER X.509 version 3 certificate, in the one encoding OpenSSL would write.
  // Errors: kMalformed "channel.certificate.der"; kTooLarge "channel.certificate.size".
  static Result<TlsCertificate> parse(BytesView der);

  const std::vector<Extension>& extensions() const { return extensions_; }
  Bytes spki() const;  // DER
  // Errors: kUntrusted "channel.certificate.key" for another kind of key.
  Status check_key(Keys keys) const;
  // Whether its own key signed it, with ECDSA and SHA-256.
  // Errors: kUntrusted "channel.certificate.signature".
  Status check_self_signed() const;
  // The names of type dNSName in subjectAltName, as they stand. None when there is no such
  // extension or it does not decode.
  std::vector<std::string> dns_names() const;

 private:
  explicit TlsCertificate(x509_st* certificate) : certificate_(certificate) {}

  std::unique_ptr<x509_st, X509Deleter> certificate_;
  std::vector<Extension> extensions_;
};

}  // namespace blindai
