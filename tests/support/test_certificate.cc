#include "tests/support/test_certificate.h"

#include <openssl/evp.h>

#include <openssl/x509.h>

namespace blindai {

Bytes make_test_certificate(const SigningKey& key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key.native());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  BLINDAI_CHECK(X509_sign(certificate, key.native(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  X509_free(certificate);
  return out;
}

}  // namespace blindai
